"""Python, ldap3."""

from __future__ import annotations

import ssl
import sys
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3


def main(arguments: list[str]) -> None:
    host, port, bind, password, number, *authorities = arguments
    ca = "".join(authorities)
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=ca) if ca else None
    server = ldap3.Server(host, int(port), get_info=ldap3.ALL, tls=tls)
    begin = ldap3.AUTO_BIND_TLS_BEFORE_BIND if ca else ldap3.AUTO_BIND_NO_TLS
    with ldap3.Connection(server, bind, password, auto_bind=begin) as directory:
        for wanted in (f"(telephoneNumber={number})", "(|(cn=anna*)(sn=mei*))"):
            directory.search("dc=meta", wanted, attributes=["displayName"])
            print("; ".join(sorted(each.displayName.value for each in directory.entries)))


main(sys.argv[1:])
