"""Secrets sealed on disk: passwords of sources that stand in no text file.

AES-256-GCM (NIST SP 800-38D) with a random nonce of 12 bytes for each; the associated data are the
source's id, the field and the format's version, so that what was sealed for one source opens for no
other. The key stands beside the secrets (mode 0600), or comes from systemd as a credential.

Law: a secret is returned, never printed, logged or put into an error.
"""

from __future__ import annotations

import base64
import os
import shlex
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.errors import SecretUnavailable

SECRETS_FILE = "secrets.sealed"
KEY_FILE = "secrets.key"
KEY_CREDENTIAL = "rufname-secrets-key"
"""The name of a systemd credential that is the key, in hexadecimal digits."""

KEY_BYTES = 32
NONCE_BYTES = 12
_CURE = (
    "put that key back, or `rufname secret forget SOURCE FIELD -c FILE` each that"
    " `rufname secret list -c FILE` names, and set it anew"
)
FORMAT = 1


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: which key sealed it, and by "source/field" nonce and ciphertext in base64."""

    format: int
    key: str
    secrets: dict[str, str]


def _hand_over(made: Path, folder: Path) -> None:
    """Give what root made in a folder to whom the folder belongs: the service that reads it."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid)


class SealedSecrets:
    """The sealed secrets of one folder (`<data_dir>/keys`)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / SECRETS_FILE

    def names(self) -> tuple[tuple[str, str], ...]:
        """Return source id and field of every secret there is, sorted; () without a file."""
        found = (name.rpartition("/") for name in self._load().secrets)
        return tuple(sorted((source, field) for source, _, field in found))

    def read(self, source: str, field: str) -> str:
        """Return a secret.

        Raises:
            SecretUnavailable: there is none, the key is missing or another one, or the file was
                tampered with.
        """
        sealed = self._load()
        blob = sealed.secrets.get(f"{source}/{field}")
        if blob is None:
            raise SecretUnavailable(
                f"{self._path}: nothing is sealed for {source} {field}; `rufname secret set"
                f" {shlex.quote(source)} {field} -c FILE` does it"
            )
        return self._open(sealed.key, self._key(), source, field, blob)

    def seal(self, source: str, field: str, secret: str) -> None:
        """Keep a secret, in the place of the one before it; the key is made if there is none.

        Raises:
            SecretUnavailable: the file or the key cannot be read or written.
        """
        sealed = self._load()
        key = self._key(make=not sealed.secrets)
        if sealed.secrets and sealed.key != _key_id(key):
            raise self._of_another_key()
        blobs = {**sealed.secrets, f"{source}/{field}": _seal(key, source, field, secret)}
        self._store(key, blobs)

    def forget(self, source: str, field: str) -> bool:
        """Remove a secret; tell whether there was one."""
        sealed = self._load()
        if f"{source}/{field}" not in sealed.secrets:
            return False
        left = {name: blob for name, blob in sealed.secrets.items() if name != f"{source}/{field}"}
        self._write(self._path, msgspec.json.encode(_Sealed(FORMAT, sealed.key, left)))
        return True

    def rotate(self) -> int:
        """Seal every secret anew with a new key; return how many there are.

        Raises:
            SecretUnavailable: the key is systemd's, which makes its own; or one cannot be opened.
        """
        if _credential(KEY_CREDENTIAL) is not None:
            raise SecretUnavailable("the key is a credential of systemd: change it there")
        sealed = self._load()
        old = self._key(make=not sealed.secrets)
        plain = {
            (source, field): self._open(sealed.key, old, source, field, blob)
            for name, blob in sealed.secrets.items()
            for source, _, field in [name.rpartition("/")]
        }
        new = os.urandom(KEY_BYTES)
        blobs = {f"{s}/{f}": _seal(new, s, f, secret) for (s, f), secret in plain.items()}
        # The new key waits beside the old one until what it sealed is written.
        waiting = self._folder / f"{KEY_FILE}.new"
        self._write(waiting, new.hex().encode() + b"\n")
        self._store(new, blobs)
        waiting.replace(self._key_path)
        return len(blobs)

    @property
    def _key_path(self) -> Path:
        return self._folder / KEY_FILE

    def _open(self, key_id: str, key: bytes, source: str, field: str, blob: str) -> str:
        if key_id != _key_id(key):
            raise self._of_another_key()
        try:
            data = base64.b64decode(blob, validate=True)
            nonce, text = data[:NONCE_BYTES], data[NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, text, _belongs_to(source, field)).decode()
        except (InvalidTag, ValueError):
            raise SecretUnavailable(
                f"{self._path}: what is sealed for {source} {field} does not open: damaged, or"
                " sealed for another source"
            ) from None

    def _of_another_key(self) -> SecretUnavailable:
        return SecretUnavailable(
            f"{self._path}: sealed with another key than {self._key_path}: {_CURE}"
        )

    def _key(self, *, make: bool = False) -> bytes:
        text = _credential(KEY_CREDENTIAL)
        waiting = self._folder / f"{KEY_FILE}.new"
        try:
            if text is None:
                if make and not self._key_path.exists():
                    if not self._folder.exists():
                        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                        _hand_over(self._folder, self._folder.parent)
                    self._write(self._key_path, os.urandom(KEY_BYTES).hex().encode() + b"\n")
                text = self._key_path.read_text(encoding="ascii")
                if waiting.exists():  # a rotation was cut off: whichever key sealed the file counts
                    new = waiting.read_text(encoding="ascii")
                    if _key_id(bytes.fromhex(new)) == self._load().key:
                        waiting.replace(self._key_path)
                        text = new
            key = bytes.fromhex(text)
        except FileNotFoundError as error:
            raise SecretUnavailable(f"{self._key_path}: {error.strerror}: {_CURE}") from None
        except OSError as error:
            raise SecretUnavailable(f"{self._key_path}: {error.strerror}") from None
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise SecretUnavailable(f"{self._key_path}: no key of {KEY_BYTES * 2} digits: {_CURE}")
        return key

    def _load(self) -> _Sealed:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Sealed)
        except FileNotFoundError:
            return _Sealed(FORMAT, "", {})
        except OSError as error:
            raise SecretUnavailable(f"{self._path}: {error.strerror}") from None
        except msgspec.DecodeError:
            raise SecretUnavailable(f"{self._path}: damaged") from None

    def _store(self, key: bytes, blobs: Mapping[str, str]) -> None:
        made = _Sealed(FORMAT, _key_id(key), dict(blobs))
        self._write(self._path, msgspec.json.format(msgspec.json.encode(made)) + b"\n")

    def _write(self, path: Path, data: bytes) -> None:
        """Put a file, whole or not at all, for its owner only."""
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _hand_over(temporary, path.parent)
            temporary.replace(path)
        except OSError as error:
            raise SecretUnavailable(f"{path}: {error.strerror}") from None


def read_credential(name: str) -> str:
    """Return a credential of systemd (`LoadCredential=`, `LoadCredentialEncrypted=`).

    Raises:
        SecretUnavailable: the service has none of this name.
    """
    text = _credential(name)
    if text is None:
        raise SecretUnavailable(
            f"no credential {name!r}: the service needs LoadCredential={name}:FILE in its unit"
        )
    return text


def _credential(name: str) -> str | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder or "/" in name or name in {"", ".", ".."}:
        return None
    try:
        return Path(folder, name).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        return None


def _seal(key: bytes, source: str, field: str, secret: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    text = AESGCM(key).encrypt(nonce, secret.encode(), _belongs_to(source, field))
    return base64.b64encode(nonce + text).decode("ascii")


def _belongs_to(source: str, field: str) -> bytes:
    return f"{source}\0{field}\0{FORMAT}".encode()


def _key_id(key: bytes) -> str:
    return blake2b(key, digest_size=8, person=b"rufname-key").hexdigest()
