"""The element: a face as drawn by Swap, before Blend seats it in the plate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from likeness_engine.faces.topology import Floats
from likeness_engine.io.frame import Window


@dataclass(frozen=True)
class Element:
    """One drawn face. Arrays cover `window` of the plate; meshes are in the window's pixels."""

    face: str  # id in the track
    identity: str
    window: Window
    rgb: Floats  # (H, W, 3) scene-linear, in the identity's own light
    covered: npt.NDArray[np.bool_]  # (H, W) where the face was drawn
    uv: Floats  # (H, W, 2) 0..1
    kept: Floats  # (H, W) 0..1: how much of rgb is the plate's own (eyes, mouth)
    mesh: Floats  # (468, 3) as drawn
    plate_mesh: Floats  # (468, 3) as tracked
    width_px: float  # ear to ear, seen from the front
