"""Small pictures of actors, made once a session, and the nets where they were fetched."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from likeness.errors import ModelError
from likeness_engine.synthetic.actor import ACTORS, random_actor
from likeness_engine.synthetic.render import render
from likeness_engine.synthetic.scene import Camera, Expression, Light, Pose

SIDE = 320
CAMERA = Camera(SIDE, SIDE, focal_mm=85.0)
DISTANCE_MM = 1000.0


@lru_cache(maxsize=64)
def take(actor="ada", yaw=0.0, pitch=0.0, roll=0.0, key_side=-0.5, expression=None):
    """Render a 320-px portrait over grey; the same arguments give the same object."""
    person = random_actor(actor) if isinstance(actor, int) else ACTORS[actor]
    pose = Pose(yaw, pitch, roll, (0.0, 0.0, DISTANCE_MM))
    light = Light(key=(1.5, 1.45, 1.4), key_direction=(key_side, -0.5, -0.8))
    grey = np.full((SIDE, SIDE, 3), 0.16, np.float32)
    face = expression or Expression()
    return render(person, pose, face, camera=CAMERA, light=light, background=grey)


@pytest.fixture(scope="session")
def portrait():
    """The maker above, as a fixture: tests import nothing from each other."""
    return take


@pytest.fixture(scope="session")
def see():
    """Return what the nets see in a picture: (detection score, 478 points in px)."""
    from likeness_engine.faces.detector import search
    from likeness_engine.faces.mesher import crop_of_detection, mesh_face
    from likeness_engine.faces.nets import load_nets
    from likeness_engine.faces.patch import Plate

    try:
        nets = load_nets("cpu")
    except ModelError as error:
        pytest.skip(f"the nets are not fetched: {error}")

    @lru_cache(maxsize=64)
    def look(actor="ada", yaw=0.0, key_side=-0.5, expression=None):
        rgb = take(actor, yaw, key_side=key_side, expression=expression).rgb

        def read(x0, y0, x1, y1):
            return rgb[y0:y1, x0:x1]

        plate = Plate(read, (0, 0, SIDE, SIDE))
        found = search(plate, nets.detector, smallest_px=60, score=0.3)
        if not found:
            return 0.0, np.full((478, 3), np.nan)
        mesh = mesh_face(plate, crop_of_detection(found[0]), nets.mesh, nets.iris)
        return found[0].score, mesh.points

    return look
