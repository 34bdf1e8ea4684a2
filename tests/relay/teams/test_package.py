"""The app package: valid against Microsoft's own schemas, the same each time, faults by name."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.extension import CardAnswer
from relay.teams.package import MANIFEST_VERSION, AppSettings, app_manifest, app_package
from tests.relay.web.node import install_packages, needs_node, run

SETTINGS = AppSettings(
    "rufname.firm.example", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", developer="Firm Ltd"
)

_VALIDATE = """
const {AppManifestUtils} = require("@microsoft/app-manifest");
const manifest = JSON.parse(require("fs").readFileSync(process.argv[1], "utf-8"));
AppManifestUtils.validateAgainstSchema(manifest).then((faults) => {
  console.log(JSON.stringify(faults));
});
"""


def files_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def schema_versions() -> list[str]:
    folder = install_packages() / "node_modules/@microsoft/app-manifest/build/json-schemas/teams"
    versions = [path.name for path in folder.iterdir() if re.fullmatch(r"v1\.\d+", path.name)]
    return sorted(versions, key=lambda name: int(name.partition(".")[2]))


def faults(manifest: object, folder: Path) -> list[object]:
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    said = run("node", "-e", _VALIDATE, str(path), folder=install_packages())
    return list(json.loads(said))


@needs_node
def test_the_manifest_is_valid_in_its_own_and_in_the_newest_version(tmp_path: Path) -> None:
    manifest = json.loads(files_of(app_package(SETTINGS))["manifest.json"])
    newest = schema_versions()[-1].removeprefix("v")
    assert int(newest.partition(".")[2]) >= 30
    for version in (MANIFEST_VERSION, newest):
        schema = str(manifest["$schema"]).replace(f"v{MANIFEST_VERSION}", f"v{version}")
        assert faults({**manifest, "manifestVersion": version, "$schema": schema}, tmp_path) == []


EXTENDED = msgspec.structs.replace(SETTINGS, message_extension=True, fingerprints=("0f" * 32,))


@needs_node
def test_with_the_message_extension_everything_is_valid_too(tmp_path: Path) -> None:
    files = files_of(app_package(EXTENDED))
    manifest = json.loads(files["manifest.json"])
    assert faults(manifest, tmp_path) == []
    schemas = install_packages() / "node_modules/@microsoft/app-manifest/build/json-schemas/teams"
    folder = schemas / f"v{MANIFEST_VERSION}"
    for schema, names in (
        ("ResponseRenderingTemplate", ["card.json"]),
        ("Localization", ["en.json", "de.json"]),
    ):
        rules = json.loads((folder / f"MicrosoftTeams.{schema}.schema.json").read_bytes())
        for name in names:
            assert jsonschema_rs.is_valid(rules, json.loads(files[name])), name


def test_the_extension_is_one_search_with_one_required_text() -> None:
    """What Teams takes of OpenAPI: 3.0, one operation named by the command, no composition."""
    files = files_of(app_package(EXTENDED))
    [extension] = json.loads(files["manifest.json"])["composeExtensions"]
    [command] = extension["commands"]
    [parameter] = command["parameters"]
    api = json.loads(files[extension["apiSpecificationFile"]])
    assert api["openapi"] == "3.0.3"
    assert api["servers"] == [{"url": f"https://{SETTINGS.host}"}]
    [path] = api["paths"].values()
    assert list(path) == ["post"]
    assert path["post"]["operationId"] == command["id"]
    body = path["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == list(body["properties"]) == [parameter["name"]]
    assert "default" not in body["properties"]["text"]
    written = files["openapi.json"].decode()
    assert not re.search(r'"(oneOf|anyOf|allOf|not)"', written)
    references = re.findall(r'"\$ref": "([^"]*)"', written)
    assert references
    assert all(each.startswith("#/components/schemas/") for each in references)


def test_the_card_asks_only_for_what_is_answered() -> None:
    files = files_of(app_package(EXTENDED))
    api = json.loads(files["openapi.json"])
    known = set(api["components"]["schemas"]["Contact"]["properties"])
    assert known == set(CardAnswer.__struct_fields__)
    asked = re.findall(r"\$\{(\w+)", files["card.json"].decode())
    assert set(asked) == known
    assert json.loads(files["card.json"])["jsonPath"] == "contacts"


def test_no_text_of_a_contact_stands_where_markdown_is_read() -> None:
    card = json.loads(files_of(app_package(EXTENDED))["card.json"])["responseCardTemplate"]

    def elements(of: object) -> list[dict[str, object]]:
        if isinstance(of, list):
            return [found for each in of for found in elements(each)]
        if not isinstance(of, dict):
            return []
        return [of, *(found for each in of.values() for found in elements(each))]

    filled = {each["type"] for each in elements(card) if "${" in str(each.get("text", ""))}
    assert filled == {"TextRun"}  # TextBlock and Fact make a link of "[name](https://…)"


def test_the_fingerprint_stands_behind_the_address_where_no_server_sees_it() -> None:
    [tab] = app_manifest(EXTENDED)["staticTabs"]  # type: ignore[misc]
    assert tab["contentUrl"] == f"https://{SETTINGS.host}/#fp={'0f' * 32}"
    assert tab["websiteUrl"] == f"https://{SETTINGS.host}/"
    changing = msgspec.structs.replace(EXTENDED, fingerprints=("0f" * 32, "1e" * 32))
    [tab] = app_manifest(changing)["staticTabs"]  # type: ignore[misc]
    assert tab["contentUrl"] == f"https://{SETTINGS.host}/#fp={'0f' * 32},{'1e' * 32}"


def test_without_being_asked_for_there_is_no_extension() -> None:
    assert "composeExtensions" not in app_manifest(SETTINGS)
    assert "openapi.json" not in files_of(app_package(SETTINGS))


@needs_node
def test_the_validation_finds_faults(tmp_path: Path) -> None:
    manifest = app_manifest(SETTINGS)
    del manifest["accentColor"]
    assert faults(manifest, tmp_path) != []


def test_the_package_holds_manifest_icons_and_texts_of_both_languages() -> None:
    files = files_of(app_package(SETTINGS))
    assert set(files) == {"manifest.json", "en.json", "de.json", "color.png", "outline.png"}
    for icon, side in (("color.png", 192), ("outline.png", 32)):
        assert files[icon].startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", files[icon][16:24]) == (side, side)
    english, german = json.loads(files["en.json"]), json.loads(files["de.json"])
    assert english.keys() == german.keys()
    for texts in (english, german):
        assert len(texts["name.short"]) <= 30
        assert len(texts["name.full"]) <= 100
        assert len(texts["description.short"]) <= 80
        assert len(texts["description.full"]) <= 4000


def test_it_names_page_registration_and_domain() -> None:
    manifest = app_manifest(SETTINGS)
    assert manifest["webApplicationInfo"] == {
        "id": SETTINGS.client_id,
        "resource": f"api://rufname.firm.example/{SETTINGS.client_id}",
    }
    assert manifest["validDomains"] == ["rufname.firm.example"]
    [tab] = manifest["staticTabs"]  # type: ignore[misc]
    assert tab["contentUrl"] == "https://rufname.firm.example/"


def test_equal_settings_make_equal_octets_and_the_id_stays() -> None:
    assert app_package(SETTINGS) == app_package(SETTINGS)
    again = app_manifest(AppSettings(SETTINGS.host, SETTINGS.client_id, version="1.0.1"))
    assert again["id"] == app_manifest(SETTINGS)["id"]
    other = app_manifest(AppSettings("other.firm.example", SETTINGS.client_id))
    assert other["id"] != again["id"]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"host": "https://rufname.firm.example"}, "host: got"),
        ({"host": "Rufname.firm.example"}, "host: got"),
        ({"host": "rufname.firm.example:8443"}, "host: got"),
        ({"host": "localhost"}, "host: got"),
        ({"host": "x" * 64 + ".example"}, "host: got"),
        ({"host": "rufname.bücher.example"}, "other letters than a to z as xn--"),
        ({"client_id": "rufname"}, "client id: got"),
        ({"client_id": ""}, "client id: got"),
        ({"app_id": "x"}, "id: got"),
        ({"name": ""}, "name: allowed: 1 to 30"),
        ({"name": "x" * 31}, "name: allowed: 1 to 30 characters, not 31"),
        ({"name": "\U0001f468\u200d\U0001f469"}, "allowed: characters that are seen, and spaces"),
        ({"name": "Ruf\nname"}, "allowed: characters that are seen, and spaces"),
        ({"developer": "x" * 33}, "developer: allowed"),
        ({"name": "   "}, "name: allowed: 1 to 30 characters, not 0"),
        ({"privacy": "http://firm.example"}, "privacy: got"),
        ({"website": "https://"}, "website: got"),
        ({"terms": "https://firm.example/" + "x" * 2048}, "terms: allowed: at most 2048"),
        ({"version": "1.0"}, "version: got '1.0'; allowed: three numbers such as 1.0.0"),
        ({"version": "01.0.0"}, "version: got"),
        ({"fingerprints": ("0f",)}, "fingerprint: got '0f'; allowed: 64 hexadecimal digits"),
        ({"fingerprints": ("0f" * 32,) * 5}, "fingerprint: allowed: at most 4"),
    ],
)
def test_what_teams_would_refuse_is_refused_by_name(settings: dict[str, str], fault: str) -> None:
    every = {"host": SETTINGS.host, "client_id": SETTINGS.client_id, **settings}
    with pytest.raises(ValueError, match=re.escape(fault)):
        app_package(AppSettings(**every))


@given(host=st.text(max_size=40), name=st.text(max_size=40), version=st.text(max_size=12))
def test_no_text_makes_another_error_or_a_broken_manifest(
    host: str, name: str, version: str
) -> None:
    try:
        manifest = app_manifest(AppSettings(host, SETTINGS.client_id, name=name, version=version))
    except ValueError:
        return
    assert json.loads(json.dumps(manifest)) == manifest
