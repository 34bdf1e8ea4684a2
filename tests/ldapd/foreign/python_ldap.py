"""Python, python-ldap (Debian: python3-ldap, run by the system's own Python)."""

from __future__ import annotations

import sys

import ldap  # type: ignore[import-not-found,unused-ignore]


def main(arguments: list[str]) -> None:
    host, port, bind, password, number, *authorities = arguments
    ca = "".join(authorities)
    directory = ldap.initialize(f"ldap://{host}:{port}")
    directory.set_option(ldap.OPT_NETWORK_TIMEOUT, 60)
    if ca:
        directory.set_option(ldap.OPT_X_TLS_CACERTFILE, ca)
        directory.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        directory.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        directory.start_tls_s()
    directory.simple_bind_s(bind, password)
    for wanted in (f"(telephoneNumber={number})", "(|(cn=anna*)(sn=mei*))"):
        found = directory.search_s("dc=meta", ldap.SCOPE_SUBTREE, wanted, ["displayName"])
        print("; ".join(sorted(entry["displayName"][0].decode() for _, entry in found)))
    directory.unbind_s()


main(sys.argv[1:])
