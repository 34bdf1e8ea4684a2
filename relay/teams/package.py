"""The app package that an administrator uploads to Teams: manifest, texts, icons, in one zip file.

Law: pure: settings in, octets out, the same for the same settings. Manifest version 1.22 is the
lowest that has all we need, so that older clients take it; newer schemas accept it too.
"""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from pathlib import Path
from typing import Any

import msgspec

from relay.persons import is_web_address

MANIFEST_VERSION = "1.22"

MAX_DEVELOPER_CHARS = 32
MAX_SHORT_NAME_CHARS = 30
MAX_ADDRESS_CHARS = 2048

_ICONS = Path(__file__).parent / "icons"
_EXTENSION = Path(__file__).parent / "extension"
_SCHEMAS = "https://developer.microsoft.com/json-schemas/teams"
_NAMESPACE = uuid.UUID("0c6a2d5f-8a54-5f6e-9d0b-5f1f6e2b7c11")
_ACCENT = "#4F52B2"
_MADE_AT = (2026, 1, 1, 0, 0, 0)
"""Every file of the zip says this, so that equal settings make equal octets."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{4,253}}\Z){_LABEL}(\.{_LABEL})+\Z")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
MAX_FINGERPRINTS = 4
"""Behind an address that no server sees; Teams takes addresses of up to 2,048 characters."""

_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")
_VERSION = re.compile(r"(0|[1-9]\d{0,4})(\.(0|[1-9]\d{0,4})){2}\Z")

_COMMAND = "composeExtensions[0].commands[0]"


def _extension_texts(title: str, description: str, field: str, hint: str) -> dict[str, str]:
    return {
        f"{_COMMAND}.title": title,
        f"{_COMMAND}.description": description,
        f"{_COMMAND}.parameters[0].title": field,
        f"{_COMMAND}.parameters[0].description": hint,
    }


_TEXTS: dict[str, dict[str, Any]] = {
    "en": {
        "full": "{name}: company contacts",
        "short": "Search all company contacts, call, chat and mail",
        "long": "One search box over all contacts of the company: customers and suppliers "
        "from CRM, ERP, directories and lists. Find people by name, company or part of a number, "
        "and call, chat or mail them from the card. The contacts stay on the company's own server. "
        "An administrator has to set Rufname up for the organisation once.",
        "extension": _extension_texts(
            "Search contacts",
            "Put a company contact into the message",
            "Search",
            "Name, company or number",
        ),
    },
    "de": {
        "full": "{name}: Kontakte der Firma",
        "short": "Alle Firmenkontakte durchsuchen, anrufen, anschreiben",
        "long": "Ein Suchfeld über alle Kontakte der Firma: Kunden und Lieferanten aus CRM, ERP, "
        "Verzeichnissen und Listen. Finden Sie Menschen nach Name, Firma oder einem Teil der "
        "Nummer, und rufen Sie sie von der Karte aus an oder schreiben Sie ihnen. Die Kontakte "
        "bleiben auf dem eigenen Server der Firma. Ein Administrator muss Rufname einmal für die "
        "Organisation einrichten.",
        "extension": _extension_texts(
            "Kontakte suchen",
            "Einen Firmenkontakt in die Nachricht setzen",
            "Suche",
            "Name, Firma oder Nummer",
        ),
    },
}


_ENGLISH = _TEXTS["en"]["extension"]
_EXTENSION_ENTRY = {
    "composeExtensionType": "apiBased",
    "authorization": {
        "authType": "microsoftEntra",
        "microsoftEntraConfiguration": {"supportsSingleSignOn": True},
    },
    "apiSpecificationFile": "openapi.json",
    "commands": [
        {
            "id": "searchContacts",  # the operation in openapi.json
            "type": "query",
            "context": ["compose", "commandBox"],
            "title": _ENGLISH[f"{_COMMAND}.title"],
            "description": _ENGLISH[f"{_COMMAND}.description"],
            "apiResponseRenderingTemplateFile": "card.json",
            "parameters": [
                {
                    "name": "text",
                    "title": _ENGLISH[f"{_COMMAND}.parameters[0].title"],
                    "description": _ENGLISH[f"{_COMMAND}.parameters[0].description"],
                    "inputType": "text",
                }
            ],
        }
    ],
}


class AppSettings(msgspec.Struct, frozen=True):
    """What an organisation's own app package says.

    Attributes:
        host: where the page is served over HTTPS, a name in lower case, without a port.
        client_id: of the app registration in Entra.
        name: what users see, at most 30 characters.
        developer: who offers the app, at most 32 characters.
        website: https address about it; "" = the page itself.
        privacy: https address of the privacy statement; "" = `website`.
        terms: https address of the terms of use; "" = `website`.
        version: three numbers; a later upload needs a higher one.
        app_id: GUID of the app in Teams; "" = made from host and client id, so that it stays.
        fingerprints: of the directory's identity where the page comes from a relay, 64 hex digits
            each: the tab asks no other directory. Two while the identity changes: the present one
            and the next. () = the one that the tab sees first.
        message_extension: with the search of the message extension, which a relay answers.
    """

    host: str
    client_id: str
    name: str = "Rufname"
    developer: str = "Rufname"
    website: str = ""
    privacy: str = ""
    terms: str = ""
    version: str = "1.0.0"
    app_id: str = ""
    fingerprints: tuple[str, ...] = ()
    message_extension: bool = False


def check_settings(settings: AppSettings) -> None:
    """Check what Teams would refuse only after the upload.

    Raises:
        ValueError: names the setting and what is allowed.
    """
    if not _HOST.match(settings.host):
        raise ValueError(
            f"host: got {settings.host!r}; allowed: a host name in lower case such as "
            "rufname.firm.example, without https:// and port, other letters than a to z as xn--…"
        )
    for name, guid in (("client id", settings.client_id), ("id", settings.app_id)):
        if not _GUID.match(guid) and (guid or name == "client id"):
            raise ValueError(f"{name}: got {guid!r}; allowed: a GUID in lower case")
    for name, text, most in (
        ("name", settings.name, MAX_SHORT_NAME_CHARS),
        ("developer", settings.developer, MAX_DEVELOPER_CHARS),
    ):
        _check_shown(name, text, most)
    for name in ("website", "privacy", "terms"):
        text = getattr(settings, name)
        is_https = text.startswith("https://") and " " not in text and is_web_address(text)
        if text and not is_https:
            raise ValueError(f"{name}: got {text!r}; allowed: an address that begins with https://")
        if len(text) > MAX_ADDRESS_CHARS:
            raise ValueError(f"{name}: allowed: at most {MAX_ADDRESS_CHARS} characters")
    _check_fingerprints(settings.fingerprints)
    if not _VERSION.match(settings.version):
        raise ValueError(f"version: got {settings.version!r}; allowed: three numbers such as 1.0.0")


def _check_shown(name: str, text: str, most: int) -> None:
    if not text.isprintable():
        raise ValueError(f"{name}: got {text!r}; allowed: characters that are seen, and spaces")
    length = len(text) if text.strip() else 0
    if not 0 < length <= most:
        raise ValueError(f"{name}: allowed: 1 to {most} characters, not {length}")


def _check_fingerprints(fingerprints: tuple[str, ...]) -> None:
    for fingerprint in fingerprints:
        if not _FINGERPRINT.match(fingerprint):
            raise ValueError(f"fingerprint: got {fingerprint!r}; allowed: 64 hexadecimal digits")
    if len(fingerprints) > MAX_FINGERPRINTS:
        raise ValueError(f"fingerprint: allowed: at most {MAX_FINGERPRINTS}")


def app_manifest(settings: AppSettings) -> dict[str, object]:
    """Return the manifest.

    Raises:
        ValueError: as `check_settings`.
    """
    check_settings(settings)
    page = f"https://{settings.host}/"
    pinned = f"#fp={','.join(settings.fingerprints)}" if settings.fingerprints else ""
    website = settings.website or page
    made_id = uuid.uuid5(_NAMESPACE, f"{settings.host}/{settings.client_id}")
    texts = _texts("en", settings)
    return {
        "$schema": f"{_SCHEMAS}/v{MANIFEST_VERSION}/MicrosoftTeams.schema.json",
        "manifestVersion": MANIFEST_VERSION,
        "version": settings.version,
        "id": settings.app_id or str(made_id),
        "developer": {
            "name": settings.developer,
            "websiteUrl": website,
            "privacyUrl": settings.privacy or website,
            "termsOfUseUrl": settings.terms or website,
        },
        "name": {"short": texts["name.short"], "full": texts["name.full"]},
        "description": {"short": texts["description.short"], "full": texts["description.full"]},
        "localizationInfo": {
            "defaultLanguageTag": "en",
            "defaultLanguageFile": "en.json",
            "additionalLanguages": [{"languageTag": "de", "file": "de.json"}],
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": _ACCENT,
        "staticTabs": [
            {
                "entityId": "people",
                "name": settings.name,
                "contentUrl": page + pinned,
                "websiteUrl": page,
                "scopes": ["personal"],
            }
        ],
        **({"composeExtensions": [_EXTENSION_ENTRY]} if settings.message_extension else {}),
        "permissions": ["identity"],
        "validDomains": [settings.host],
        "webApplicationInfo": {
            "id": settings.client_id,
            "resource": f"api://{settings.host}/{settings.client_id}",
        },
    }


def app_package(settings: AppSettings) -> bytes:
    """Return the zip file to upload.

    Raises:
        ValueError: as `check_settings`.
    """
    files = {"manifest.json": _json(app_manifest(settings))}
    for language in _TEXTS:
        schema = f"{_SCHEMAS}/v{MANIFEST_VERSION}/MicrosoftTeams.Localization.schema.json"
        files[f"{language}.json"] = _json({"$schema": schema, **_texts(language, settings)})
    if settings.message_extension:
        api = json.loads((_EXTENSION / "openapi.json").read_bytes())
        api["servers"] = [{"url": f"https://{settings.host}"}]
        files["openapi.json"] = _json(api)
        files["card.json"] = (_EXTENSION / "card.json").read_bytes()
    for icon in ("color.png", "outline.png"):
        files[icon] = (_ICONS / icon).read_bytes()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in files.items():
            package.writestr(zipfile.ZipInfo(name, _MADE_AT), body, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _texts(language: str, settings: AppSettings) -> dict[str, str]:
    """Return the texts of a language, by their places in the manifest."""
    texts = _TEXTS[language]
    return {
        "name.short": settings.name,
        "name.full": texts["full"].format(name=settings.name),
        "description.short": texts["short"],
        "description.full": texts["long"],
        "staticTabs[0].name": settings.name,
        **(texts["extension"] if settings.message_extension else {}),
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
