"""The element: a face as drawn by Swap, before Blend seats it in the plate."""

from __future__ import annotations

from dataclasses import dataclass, replace

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

    def part(self, box: tuple[slice, slice]) -> Element:
        """Return the element inside `box`, slices of its arrays; meshes move along."""
        top, left = box[0].start, box[1].start
        corner = np.array([left, top, 0], np.float32)
        x0, y0 = self.window.x0 + left, self.window.y0 + top
        rgb = self.rgb[box]
        return replace(
            self,
            window=Window(x0, y0, x0 + rgb.shape[1], y0 + rgb.shape[0]),
            rgb=rgb,
            covered=self.covered[box],
            uv=self.uv[box],
            kept=self.kept[box],
            mesh=self.mesh - corner,
            plate_mesh=self.plate_mesh - corner,
        )
