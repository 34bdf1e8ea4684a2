"""What does TLS cost the LDAP daemon: by look-up on a connection that stays, and by connection?

One `rufname serve` listens in clear and with TLS 1.3 (a certificate of P-256); the same load tool
asks both, and every answer is checked. A look-up carries its share of the 32 connections that ten
thousand of them come on. A connection made anew for each call, as some PBXs do it, is a handshake
without resumption, a bind whose password is known, a look-up and the end.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from bench import prepared
from bench.installation import serving_ldap
from bench.ldap_load import Load, Question
from bench.questions import Asked, work_numbers
from bench.report import Measure
from bench.servers import Server, put_load
from rufname.programs import free_port
from rufname.sample import contacts
from rufname.trial import Installation

QUESTION = "LDAP over TLS"


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give the CPU time of a look-up and of a connection, in clear and with TLS."""
    rounds, size = (1, 1_000) if quick else (5, 10_000)
    asked = work_numbers(contacts(count))
    size = min(size, len(asked) // rounds)
    installation, _ = prepared.installation(folder / "rufname", count)
    tls_port = _secure(installation)
    parts = [asked[turn * size : (turn + 1) * size] for turn in range(rounds)]
    with serving_ldap(installation) as server:
        _cpu_us(
            server, parts[0][:100], tls_port, tls=True, anew=False
        )  # the password is hashed once
        for case, anew in (("a look-up", False), ("connection, bind, look-up", True)):
            took: dict[str, list[float]] = {"in clear": [], "TLS": []}
            for part in parts:
                some = part[: size // 10] if anew else part
                took["in clear"].append(_cpu_us(server, some, server.port, tls=False, anew=anew))
                took["TLS"].append(_cpu_us(server, some, tls_port, tls=True, anew=anew))
            for kind, each in took.items():
                yield Measure(QUESTION, f"{case}, {kind}", median(each), "CPU µs")


def _secure(installation: Installation) -> int:
    """Give an installation a certificate and a listener with TLS; return its port."""
    folder, port = installation.config.parent, free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", "tls.key", "-out", "tls.pem", "-days", "2", "-subj", "/CN=localhost"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (folder / "tls.key").chmod(0o600)
    plain = f'"ldap://127.0.0.1:{installation.ldap_port}"'
    text = installation.config.read_text(encoding="utf-8")
    text = text.replace(plain, f'{plain}, "ldaps://127.0.0.1:{port}"')
    text += '\n[ldap.tls]\ncertificate = "tls.pem"\nkey = "tls.key"\n'
    installation.config.write_text(text, encoding="utf-8")
    return port


def _cpu_us(server: Server, part: Sequence[Asked], port: int, *, tls: bool, anew: bool) -> float:
    """Return the server's CPU time for one question."""
    load = Load(
        port=port,
        bind=server.bind,
        password=server.password,
        base=server.base,
        attributes=("telephoneNumber",),
        questions=tuple(Question(each.number, each.name) for each in part),
        tls=tls,
        anew=anew,
    )
    result, spent_s = put_load(server, load)
    return spent_s / result.answered * 1e6
