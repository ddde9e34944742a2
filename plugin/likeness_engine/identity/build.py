"""Build an identity from photographs of one person, under a consent that names it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from likeness.documents.consent import Consent
from likeness.documents.identity import Identity
from likeness.errors import FrameError, ParameterError
from likeness.protocol.messages import Event
from likeness_engine.consent.registry import add_consent
from likeness_engine.faces.align import face_width_px, shape_at_rest
from likeness_engine.faces.finder import find_faces
from likeness_engine.faces.nets import Nets, load_nets
from likeness_engine.faces.patch import Plate
from likeness_engine.faces.topology import POINTS, Floats
from likeness_engine.faces.unwrap import unwrap
from likeness_engine.identity.store import add_identity as keep_identity
from likeness_engine.identity.store import check_consent_names
from likeness_engine.identity.texture import merge_views, texture_size
from likeness_engine.io.colour import Colour
from likeness_engine.io.files import read_frame
from likeness_engine.io.frame import Window

SMALLEST_FACE_PX = 80  # below, a texture would be guesswork
EXTENSIONS = (".exr", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Photo:
    """One reference picture: linear ACEScg and the one face in it."""

    rgb: Floats  # (H, W, 3)
    mesh: Floats  # (478, 3) in the picture's pixels
    sha256: str


def add_identity(
    identity_id: str,
    photos: list[Path],
    consent: Path,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Identity:
    """Register the consent, build the face from the photographs, and keep it.

    ConsentError where the consent does not name this identity or is not in force: nothing is read
    from the photographs then. ParameterError lists every photograph that cannot be used.
    """
    record = Consent.load(consent)
    add_consent(record)
    check_consent_names(identity_id, record.id)
    nets = load_nets()
    read, problems = [], []
    paths = [path for given in photos for path in _files(given)]
    for done, path in enumerate(paths):
        on_event(
            Event("progress", message=f"meshing {path.name}", fraction=done / (len(paths) + 1))
        )
        try:
            read.append(read_photo(path, nets))
        except (FrameError, ParameterError) as error:
            problems.append(str(error))
    if problems or not read:
        raise ParameterError("\n".join(problems) or "No photograph was given; name at least one.")
    on_event(
        Event("progress", message="building the texture", fraction=len(paths) / (len(paths) + 1))
    )
    texture, geometry = build_face(read)
    built = keep_identity(
        identity_id,
        texture,
        consent=record.id,
        photos=[photo.sha256 for photo in read],
        geometry=geometry,
        models=dict(pair.split(":") for pair in nets.names.split()),
        replace=True,
    )
    on_event(Event("progress", message="done", fraction=1.0))
    return built


def read_photo(path: Path, nets: Nets) -> Photo:
    """Read a picture and mesh the one face in it; ParameterError where there is not one."""
    frame = read_frame(path)
    rgb = Colour.of_frame(frame).to_linear(frame.read_rgb())
    found = find_faces(as_plate(rgb), nets, smallest_px=SMALLEST_FACE_PX, score=0.5)
    if len(found) != 1:
        raise ParameterError(
            f"{path} shows {len(found)} faces of {SMALLEST_FACE_PX} px or more; a reference "
            "picture must show exactly one. Crop it, or take another."
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Photo(rgb, found[0].mesh.points.astype(np.float32), digest)


def build_face(photos: list[Photo]) -> tuple[Floats, Floats]:
    """Return the texture (T, T, 4) linear ACEScg and the shape at rest (468, 3)."""
    size = max(texture_size(face_width_px(photo.mesh)) for photo in photos)
    views = [unwrap(photo.rgb, photo.mesh, size) for photo in photos]
    return merge_views(views), shape_at_rest([photo.mesh[:POINTS] for photo in photos])


def as_plate(rgb: Floats) -> Plate:
    """Return a whole picture (H, W, 3) linear as Detect reads plates."""
    bounds = Window(0, 0, rgb.shape[1], rgb.shape[0])
    return Plate(
        lambda x0, y0, x1, y1: rgb[y0:y1, x0:x1], (bounds.x0, bounds.y0, bounds.x1, bounds.y1)
    )


def _files(given: Path) -> list[Path]:
    """A folder stands for the pictures in it."""
    if not given.is_dir():
        return [given]
    found = sorted(path for path in given.iterdir() if path.suffix.lower() in EXTENSIONS)
    if not found:
        raise ParameterError(f"{given} holds no picture; known are {', '.join(EXTENSIONS)}.")
    return found
