"""Python, bonsai (Debian: python3-bonsai, run by the system's own Python)."""

from __future__ import annotations

import sys

import bonsai  # type: ignore[import-not-found,unused-ignore]


def main(arguments: list[str]) -> None:
    host, port, bind, password, number, *authorities = arguments
    ca = "".join(authorities)
    client = bonsai.LDAPClient(f"ldap://{host}:{port}", tls=bool(ca))
    if ca:
        client.set_ca_cert(ca)
        client.set_cert_policy("demand")
    client.set_credentials("SIMPLE", user=bind, password=password)
    with client.connect(timeout=60) as directory:
        for wanted in (f"(telephoneNumber={number})", "(|(cn=anna*)(sn=mei*))"):
            found = directory.search("dc=meta", bonsai.LDAPSearchScope.SUB, wanted, ["displayName"])
            print("; ".join(sorted(entry["displayName"][0] for entry in found)))


main(sys.argv[1:])
