"""This user's signing key: Ed25519, made on first use, readable by its owner only."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from likeness.errors import SignatureError
from likeness.places import state_home


@dataclass(frozen=True)
class SigningKey:
    """A private key and its public half (32 raw bytes)."""

    private: Ed25519PrivateKey = field(repr=False)
    public: bytes

    @property
    def keyid(self) -> str:
        return key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature (RFC 8032)."""
        return self.private.sign(message)


def key_id(public: bytes) -> str:
    """Return sha256 of the raw public key, in hexadecimal."""
    return hashlib.sha256(public).hexdigest()


def signing_key_path() -> Path:
    """Return where this user's signing key lies."""
    return state_home() / "keys" / "signing.pem"


def signing_key() -> SigningKey:
    """Return this user's key; the first call ever makes it. SignatureError where it is unusable."""
    path = signing_key_path()
    if not path.exists():
        _make_key(path)
    return load_key(path)


def load_key(path: Path) -> SigningKey:
    """Read a private key; SignatureError where others may read it or it is no Ed25519 key."""
    try:
        with open(path, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            pem = file.read()
    except OSError as error:
        raise SignatureError(
            f"The signing key {path} cannot be read: {error.strerror}. "
            "Give its owner the right to read it."
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise SignatureError(
            f"The signing key {path} may be read by others (mode {mode:o}), so a signature would "
            f"prove nothing. Make it yours alone with `chmod 600 {path}`."
        )
    try:
        private = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise SignatureError(f"{path} holds no private key: {error}. Restore it.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SignatureError(f"{path} holds a key that is not Ed25519. Restore the right one.")
    return SigningKey(private, _raw(private))


def _make_key(path: Path) -> None:
    """Write a new key whole; where two processes race, the first one's key stands."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _publish(pem, path)
    except OSError as error:
        raise SignatureError(
            f"No signing key can be made at {path}: {error.strerror}. Set LIKENESS_HOME to a "
            "folder on a local disk that you may write to."
        ) from error


def _publish(pem: bytes, path: Path) -> None:
    """Make `path` appear whole, or leave the file that is there."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".signing.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            # Both refuse to overwrite: a link on POSIX, a rename on Windows.
            (os.rename if os.name == "nt" else os.link)(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _raw(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
