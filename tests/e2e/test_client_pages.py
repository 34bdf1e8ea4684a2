"""What the manual tells to put into SBCs and PBXs, asked of `rufname serve` by real clients.

Kamailio runs what its page says. The others cannot run here: curl and ldapsearch send what their
pages say in their place, with the options that these programs set in libcurl and libldap.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.asking import Asker
from tests.e2e.pages import CLIENTS, Page, curl, here
from tests.e2e.processes import LOOPBACK
from tests.e2e.running import ClientSpec, Row, Rufname, csv_source, write_rows
from tests.e2e.telephony import ANONYMOUS, ROUTES, Rung, caller, telephone_system

pytestmark = pytest.mark.e2e

PAGES = sorted(path.stem for path in CLIENTS.glob("*.md") if path.stem != "README")
SECRET = "correct-horse-battery"
SBC = ClientSpec(password=SECRET)
PBX = ClientSpec("pbx", "cn=pbx,dc=localhost", SECRET)
ANYNODE = ClientSpec("anynode", "", SECRET)

NAMES = {
    "001": "Jürgen Müßig-Öztürk",
    "002": 'Anna "Änni" O\\Groß',
    "003": "Дмитрий Щукин",
    "004": "Müller & <Söhne>",
}
ERIKA, UNKNOWN = "+498999998123", "+493023125999"
COMPANY = "~Käse & Söhne"
NUMBERS = [*(f"+493023125{key}" for key in NAMES), ERIKA, "+49899999777712", UNKNOWN]
SHOWN = [*NAMES.values(), "Erika Müller", COMPANY, ""]
"""What each of NUMBERS gets; the sixth is an unknown extension of a company."""

every_caller = pytest.mark.parametrize(
    ("number", "name"), list(zip(NUMBERS, SHOWN, strict=True)), ids=NUMBERS
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rufname]:
    folder = tmp_path_factory.mktemp("rufname")
    rows = [Row(key, name, phone=f"+49 30 23125{key}") for key, name in NAMES.items()]
    rows += [
        Row("erika", "Erika Müller", phone="089 / 99998-123"),
        Row("firm", "", phone="+49 89 999977-0", company=COMPANY[1:]),
    ]
    source = csv_source(write_rows(folder / "contacts.csv", rows))
    made = Rufname(folder, sources=[source], clients=[SBC, PBX, ANYNODE])
    plain = made.config.read_text(encoding="utf-8")
    alias = tomllib.loads(Page("freepbx").blocks("toml")[1])["ldap"]["aliases"]
    assert plain.count("[ldap]\n") == 1
    made.config.write_text(
        plain.replace("[ldap]\n", f"[ldap]\naliases = {json.dumps(alias)}\n"), encoding="utf-8"
    )
    made.sync()
    made.start()
    try:
        yield made
        made.stop()
    finally:
        if made.program is not None:
            made.program.kill_all()


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_puts_into_the_configuration_is_accepted(
    server: Rufname, tmp_path: Path, page: str
) -> None:
    parts = Page(page).blocks("toml")
    assert any("[[client]]" in part for part in parts)
    said = tomllib.loads("\n".join(parts))
    for service, listen in (("ldap", '["ldap://127.0.0.1:0"]'), ("relay", '"http://127.0.0.1:0"')):
        if service not in said:
            parts.append(f"[{service}]\nlisten = {listen}\n")
    text = "\n".join(parts).replace(":1389", ":0")
    config = tmp_path / "rufname.toml"
    config.write_text(f"{text}\n[dialplan.munich]\narea_code = '89'\n", encoding="utf-8")
    (tmp_path / "keys").mkdir()
    for client in said["client"]:
        key = tmp_path / client["password"]["file"]
        key.write_bytes((server.folder / "keys" / "sbc.hash").read_bytes())
        key.chmod(0o600)
    done = server.cli("check", "-c", str(config), config=False, code=None)
    assert done.returncode == 0, done.stdout + done.stderr


# --- Kamailio -----------------------------------------------------------------------------------


def kamailio_routes(server: Rufname, folder: Path, way: str) -> str:
    """Return Kamailio's configuration with what its page says for one way of asking."""
    modules, route, http_modules, http_route = Page("kamailio").blocks("kamailio")
    if way == "HTTP":
        modules, route = here(http_modules, server, SBC), http_route
    head, _, _ = ROUTES.partition("route[CALLER_NAME]")
    before, _, behind = head.partition('loadmodule "ldap.so"\n')
    _, _, behind = behind.partition('modparam("uac", "restore_mode", "none")\n')
    modules = modules.replace("/etc/kamailio/ldap.cfg", str(folder / "page.cfg"))
    return f"{before}{modules}{behind}{route}"


@pytest.mark.parametrize("way", ["LDAP", "HTTP"])
def test_kamailio_does_what_its_page_says(server: Rufname, tmp_path: Path, way: str) -> None:
    (session,) = Page("kamailio").blocks("ini")
    (tmp_path / "page.cfg").write_text(here(session, server, SBC), encoding="utf-8")
    routes = kamailio_routes(server, tmp_path, way)
    spelled = {
        "without +": "498999998123",
        "exit code": "00498999998123",
        "extension": "001",
        "escapes": "+49 (89) 99998-123".replace(" ", "%20"),
    }
    hostile = {"star": "*", "filter": ")(cn=*", "query": "1&number=%2B498999998123", "path": "../x"}
    with telephone_system(tmp_path, server.asker(SBC), routes=routes) as system:
        rung = system.place(
            {number: caller(number) for number in NUMBERS}
            | {kind: caller(number) for kind, number in (spelled | hostile).items()}
            | {"anonymous": ANONYMOUS}
        )
        said = system.kamailio.output()
    shown = {case: each.display for case, each in rung.items()}
    assert shown == {
        **dict(zip(NUMBERS, SHOWN, strict=True)),
        **dict.fromkeys(spelled, "Erika Müller"),
        "extension": NAMES["001"],
        **dict.fromkeys(hostile, ""),
        "anonymous": "",
    }
    assert rung[ERIKA] == Rung("Erika Müller", ERIKA)
    assert "did not answer" not in said


# --- those that take the name as text -----------------------------------------------------------


@every_caller
def test_freeswitch_gets_the_name_for_digits_alone(server: Rufname, number: str, name: str) -> None:
    settings, action = Page("freeswitch").blocks("xml")
    assert ET.fromstring(action).attrib["application"] == "cidlookup"
    given = {each.attrib["name"]: each.attrib["value"] for each in ET.fromstring(settings)[0]}
    url = here(given["url"], server, PBX).replace("${caller_id_number}", re.sub(r"\D", "", number))
    timeout_s = int(given["curl-timeout"]) / 1000
    options = ("-L", "--max-redirs", "10", "-m", f"{timeout_s}", "-A", "freeswitch-cidlookup/1.0")
    curl(*options[:3], url)  # the first question verifies the password
    assert curl(*options, url) == (200 if name else 404, name)


@every_caller
def test_asterisk_gets_the_name(server: Rufname, number: str, name: str) -> None:
    (dialplan,) = Page("asterisk").blocks("ini")
    set_up = here(dialplan, server, PBX)
    password = re.search(r"CURLOPT\(userpwd\)=(\S+)\)$", set_up, re.MULTILINE)
    url = re.search(r"\$\{CURL\((http:\S+?)\$\{URIENCODE", set_up)
    assert password
    assert url
    assert curl("-u", password[1], f"{url[1]}{quote(number, safe='')}")[1] == name


@every_caller
def test_the_two_http_ways_of_freepbx_get_the_name(server: Rufname, number: str, name: str) -> None:
    page = Page("freepbx")
    lookup = page.rows("CallerID Lookup Sources")
    host, port = lookup["Host, Port"].split("`, `")
    query = lookup["Query"].replace("[NUMBER]", number)
    url = here(f"http://pbx:PASSWORD@{host}:{port}{lookup['Path']}?{query}", server, PBX)
    assert curl(url)[1] == name

    superfecta = page.rows("CID Superfecta over HTTP")
    url = here(superfecta["url"], server, PBX).replace("$thenumber", number)
    found = re.search(superfecta["reg_exp"], curl("-f", "-L", "-m", "3.5", url)[1])
    assert (found[1] if found else "") == name


@every_caller
def test_superfecta_gets_the_name_over_ldap(server: Rufname, number: str, name: str) -> None:
    fields = Page("freepbx").rows("CID Superfecta over LDAP")
    host = re.fullmatch(r"ldap://([\w.]+):1389", fields["LDAP_Host"])
    assert host
    base = "dc=" + ",dc=".join(host[1].split("."))
    user = fields["LDAP_User, LDAP_Password"].partition("`")[0]
    asker = Asker(server.ldap_port, f"cn={user}, {base}", PBX.password, base)
    pattern = "(|(telephoneNumber=*{0})(mobile=*{0})(homeTelephoneNumber=*{0}))"
    found = asker.search(pattern.format(number), "cn")
    assert [entry["cn"] for entry in found] == ([[name]] if name else [])


@every_caller
def test_the_request_keys_of_audiocodes_get_the_name(
    server: Rufname, number: str, name: str
) -> None:
    keys = {}
    for way in ("Over LDAP", "Over HTTP"):
        rule = Page("audiocodes").rows(way)
        key = re.fullmatch(r"'([^']+)' \+ Param\.Call\.Src\.User", rule["Request Key"])
        assert key
        assert len(key[1] + number) <= 100
        keys[way] = key[1] + number
    found = server.asker(SBC).search(f"({keys['Over LDAP']})", "displayName")
    assert [entry["displayName"] for entry in found] == ([[name]] if name else [])
    url = f"http://{LOOPBACK}:{server.http_port}{keys['Over HTTP']}"
    answer = curl("-u", f"sbc:{SECRET}", "-H", "Content-Type: html/text", url)
    assert answer == (200 if name else 404, name)


def test_the_stars_of_audiocodes_numeric_attributes_are_understood(server: Rufname) -> None:
    found = server.asker(SBC).search(f"(telephoneNumber={'*'.join(ERIKA)})", "displayName")
    assert [entry["displayName"] for entry in found] == [["Erika Müller"]]


# --- those that take JSON -----------------------------------------------------------------------


@every_caller
def test_the_3cx_template_asks_for_fields_that_are_there(
    server: Rufname, number: str, name: str
) -> None:
    (text,) = Page("3cx").blocks("xml")
    template = ET.fromstring(text)
    given = {
        each.attrib["Name"]: here(each.attrib["Default"], server, PBX)
        for each in template.iterfind("Parameters/Parameter")
    } | {"Password": SECRET, "Number": number}

    def put(expression: str) -> str:
        return re.sub(r"\[(\w+)\]", lambda match: given[match[1]], expression)

    scenario = template.find("Scenarios/Scenario")
    assert scenario is not None
    request = scenario.find("Request")
    assert request is not None
    status, body = curl(
        "-u", put(template.findtext("Authentication/Value", "")), put(request.attrib["Url"])
    )
    assert status == (200 if name else 404)
    answer = json.loads(body) if name else {}
    assert (scenario.findtext("Rules/Rule", "?") in answer) == bool(name)
    if name:
        for variable in scenario.iterfind("Variables/Variable"):
            given[variable.attrib["Name"]] = answer[variable.attrib["Path"]]
        outputs = {
            each.attrib["Type"]: put(each.attrib["Value"])
            for each in scenario.iterfind("Outputs/Output")
        }
        assert outputs["FirstName"] == name
        assert outputs["PhoneBusiness"] == number
        assert outputs["ContactUrl"].startswith("http://")
        assert all(outputs.values())


def test_anynode_gets_the_answer_of_its_page(server: Rufname) -> None:
    page = Page("anynode")
    question, answer = page.blocks("json")
    (command,) = page.blocks("sh")
    assert question.strip() in command
    done = subprocess.run(
        ["bash", "-c", f"{here(command, server, ANYNODE).strip()} -sS --noproxy '*'"],
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert done.stdout == answer.strip()


@every_caller
def test_anynode_gets_every_name_and_keeps_unknown_callers(
    server: Rufname, number: str, name: str
) -> None:
    question = {"sourceAddress": {"dialString": number, "displayName": "as it came"}, "id": 7}
    url = f"http://{LOOPBACK}:{server.http_port}/v1/caller/anynode"
    status, body = curl("-u", f"anynode:{SECRET}", "-d", json.dumps(question), url)
    assert status == 200
    assert json.loads(body) == {
        "routeContinue": True,
        "sourceAddress": {"dialString": number, "displayName": name or "as it came"},
        "id": 7,
    }


def test_no_question_of_these_is_in_the_logs(server: Rufname) -> None:
    said = server.output()
    for private in (*(number[1:] for number in NUMBERS), *NAMES.values(), "Erika"):
        assert private not in said
