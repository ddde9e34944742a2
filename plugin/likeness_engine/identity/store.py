"""Identities on disk: a folder each under the state folder, owner-only, sealed.

`identity.json` is the sealed document; `texture.exr` is held to it by sha256. Photographs are not
kept: the document has their sha256, and the built texture is all that a run needs.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from likeness.documents.identity import Identity
from likeness.documents.ids import id_problem
from likeness.errors import ConsentError, LikenessError, ParameterError, SignatureError
from likeness.places import state_home
from likeness_engine.consent.check import standing_problems
from likeness_engine.consent.registry import load_consent
from likeness_engine.provenance import clock
from likeness_engine.provenance.sealed import (
    Sealed,
    load_sealed,
    make_private_folder,
    save_sealed,
)
from likeness_engine.provenance.trust import machine_trust

_CHANNELS = ("R", "G", "B", "A")


def identities_home() -> Path:
    """Return the folder of identities."""
    return state_home() / "identities"


def add_identity(
    identity_id: str,
    texture: np.ndarray,
    *,
    consent: str,
    photos: Iterable[str],
    geometry: np.ndarray,
    models: Mapping[str, str],
    replace: bool = False,
) -> Identity:
    """Keep a built identity; it appears whole or not at all.

    texture: (T, T, 4) or (T, T, 3) float32, linear ACEScg in the UV layout, alpha what was seen;
    geometry: (468, 3); consent: id of a record in the registry that names this identity; photos:
    sha256 of each; models: id -> sha256 of what built it. ParameterError for a bad id, a texture of
    another shape or an id that is taken; ConsentError where no consent in force names it.
    """
    place = _folder(identity_id)
    check_consent_names(identity_id, consent)
    if texture.ndim != 3 or texture.shape[2] not in (3, 4):
        raise ParameterError(f"texture is of shape {texture.shape}; it must be (T, T, 3 or 4).")
    if not (np.isfinite(texture).all() and np.isfinite(geometry).all()):
        raise ParameterError(
            f"The face built for {identity_id!r} has values that are not finite. Use other "
            "photographs."
        )
    if place.exists() and not replace:
        raise ParameterError(
            f"There is an identity {identity_id!r} already ({place}). "
            "Take another id or replace it."
        )
    make_private_folder(identities_home())
    fresh = Path(tempfile.mkdtemp(dir=identities_home(), prefix=f".{identity_id}."))  # mode 0700
    try:
        identity = Identity(
            id=identity_id,
            consent=consent,
            photos=tuple(photos),
            texture_sha256=_write_texture(fresh / "texture.exr", texture),
            geometry=tuple((float(x), float(y), float(z)) for x, y, z in geometry),
            models=dict(models),
        )
        if problems := identity.problems():
            raise ParameterError(f"Identity {identity_id!r} is unsound:\n" + "\n".join(problems))
        save_sealed(identity, fresh / "identity.json")
        _put(fresh, place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return identity


def check_consent_names(identity_id: str, consent_id: str) -> None:
    """Raise ConsentError unless a consent that is in force today names this identity."""
    try:
        consent = load_consent(consent_id).document
        broken = standing_problems(consent, identity_id, on_date=clock.today())
    except ConsentError as error:
        broken = [str(error).rstrip(".")]
    if broken:
        raise ConsentError(
            f"The identity {identity_id!r} was not added: {'; '.join(broken)}. A face may be built "
            "only under a consent in force that names it; give one with --consent."
        )


def load_identity(identity_id: str) -> Sealed[Identity]:
    """Read an identity and prove its seal.

    ParameterError where there is none of that id, SignatureError where it was edited or moved here
    from another place.
    """
    path = _folder(identity_id) / "identity.json"
    try:
        held = load_sealed(Identity, path, machine_trust())
    except OSError as error:
        known = ", ".join(list_identities()) or "none"
        raise ParameterError(
            f"There is no identity {identity_id!r} ({path}: {error.strerror}); known are: {known}. "
            "Add it with `likeness identity add`."
        ) from error
    except SignatureError as error:
        raise SignatureError(
            f"The identity {identity_id!r} does not hold ({path}): {error} Add it again from its "
            "photographs."
        ) from error
    if held.document.id != identity_id:
        raise SignatureError(
            f"The folder of identity {identity_id!r} holds {held.document.id!r}: it was swapped. "
            "Add the identity again from its photographs."
        )
    return held


def load_texture(identity: Identity) -> np.ndarray:
    """Return an identity's texture, (T, T, 4) float32 linear ACEScg; alpha is what was seen.

    SignatureError where the file is not the one the identity was sealed with.
    """
    import OpenEXR

    path = _folder(identity.id) / "texture.exr"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SignatureError(
            f"The texture of identity {identity.id!r} cannot be read ({path}: {error.strerror}). "
            "Add the identity again from its photographs."
        ) from error
    found = hashlib.sha256(raw).hexdigest()
    if found != identity.texture_sha256:
        raise SignatureError(
            f"The texture of identity {identity.id!r} was exchanged: {path} has sha256 {found}, "
            f"not {identity.texture_sha256}. Add the identity again from its photographs."
        )
    # Decoded from the very bytes that were hashed: the file may change in between.
    channels = OpenEXR.File(io.BytesIO(raw), separate_channels=True).channels()
    return np.stack([channels[name].pixels for name in _CHANNELS], axis=-1).astype(np.float32)


def list_identities() -> list[str]:
    """Return the ids of all identities, sound or not, sorted."""
    home = identities_home()
    if not home.is_dir():
        return []
    return sorted(p.name for p in home.iterdir() if p.is_dir() and not id_problem("", p.name))


def remove_identity(identity_id: str) -> None:
    """Remove an identity's folder; its consent stays. ParameterError where there is none."""
    place = _folder(identity_id)
    if not place.is_dir():
        raise ParameterError(f"There is no identity {identity_id!r} ({place}).")
    shutil.rmtree(place)


def _folder(identity_id: str) -> Path:
    if problem := id_problem("the identity id", identity_id):
        raise ParameterError(problem)
    return identities_home() / identity_id


def _write_texture(path: Path, texture: np.ndarray) -> str:
    """Write RGBA float to an owner-only file; returns the sha256 of its bytes."""
    import OpenEXR

    full = np.ones((*texture.shape[:2], 4), np.float32)
    full[..., : texture.shape[2]] = texture
    planes = {name: np.ascontiguousarray(full[..., i]) for i, name in enumerate(_CHANNELS)}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, planes).write(str(path))
    os.chmod(path, 0o600)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _put(fresh: Path, place: Path) -> None:
    """Move a finished folder to its name; an older one steps aside and comes back on failure."""
    aside = fresh.with_name(fresh.name + ".old")
    with suppress(FileNotFoundError):
        place.rename(aside)
    try:
        fresh.rename(place)
    except OSError as error:
        with suppress(FileNotFoundError):
            aside.rename(place)
        raise LikenessError(f"{place} cannot be written: {error.strerror}.") from error
    shutil.rmtree(aside, ignore_errors=True)
