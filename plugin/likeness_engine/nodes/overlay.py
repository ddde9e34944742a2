"""Pictures of the track for people: boxes with ids, and the mesh."""

from __future__ import annotations

import cv2
import numpy as np

from likeness.documents.track import Face
from likeness_engine.faces.topology import Floats, topology
from likeness_engine.io.frame import Window

LINE = (0.1, 0.8, 0.3)  # linear; a green that no skin has
EDITED = (0.9, 0.5, 0.05)


def draw_boxes(faces: tuple[Face, ...], window: Window) -> Floats:
    """Return boxes and ids over black, premultiplied RGBA (H, W, 4)."""
    canvas = np.zeros((window.height, window.width, 3), np.float32)
    for face in faces:
        x0, y0, x1, y1 = (round(v) for v in face.box_px)
        corner, end = (x0 - window.x0, y0 - window.y0), (x1 - window.x0, y1 - window.y0)
        thick = max(round((y1 - y0) / 250), 1)
        colour = EDITED if face.edited else LINE
        cv2.rectangle(canvas, corner, end, colour, thick, cv2.LINE_AA)
        size = max((y1 - y0) / 400, 0.4)
        text = f"{face.id} {face.score:.2f}"
        above = (corner[0], corner[1] - 4 * thick)
        cv2.putText(canvas, text, above, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA)
    return _with_alpha(canvas)


def draw_meshes(faces: tuple[Face, ...], window: Window) -> Floats:
    """Return the meshes and irises over black, premultiplied RGBA (H, W, 4)."""
    canvas = np.zeros((window.height, window.width, 3), np.float32)
    triangles = topology().triangles
    for face in faces:
        points = np.array(face.mesh_px, np.float32)[:, :2] - (window.x0, window.y0) - 0.5
        lines = np.round(points[triangles] * 16).astype(np.int32)  # 4 bits below the pixel
        colour = EDITED if face.edited else LINE
        cv2.polylines(canvas, list(lines), True, colour, 1, cv2.LINE_AA, 4)  # noqa: FBT003
        for iris in (points[468:473], points[473:478]):
            radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
            centre = tuple(int(v) for v in np.round(iris[0] * 16))
            cv2.circle(canvas, centre, max(round(radius * 16), 1), colour, 1, cv2.LINE_AA, 4)
    return _with_alpha(canvas)


def _with_alpha(canvas: Floats) -> Floats:
    alpha = np.clip(canvas.max(2, keepdims=True) / max(LINE), 0, 1)
    return np.concatenate([canvas, alpha], 2).astype(np.float32)
