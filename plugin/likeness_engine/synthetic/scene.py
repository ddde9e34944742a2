"""What a picture of an actor is made of: camera, pose, expression, light; and what comes back.

World space: millimetres, x right on screen, y down, z away from the camera. The camera is at the
origin and looks along z. Directions of light point from the skin towards the light.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Vector = tuple[float, float, float]

# Material of a triangle, and the ids of `Render.material`.
NOTHING, FACE, SKIN, EYE, MOUTH, HAIR, BROW, CLOTH = range(8)
MATERIALS = ("nothing", "face", "skin", "eye", "mouth", "hair", "brow", "cloth")


@dataclass(frozen=True)
class Camera:
    """A camera with a rectilinear lens; `width` and `height` are of the display window."""

    width: int = 1920
    height: int = 1080
    focal_mm: float = 85.0
    aperture_mm: float = 36.0  # horizontal, over `width` pixels
    overscan_px: int = 0  # rendered on every side beyond the display window

    @property
    def focal_px(self) -> float:
        return self.focal_mm / self.aperture_mm * self.width


@dataclass(frozen=True)
class Pose:
    """Where the head is. Degrees: yaw to screen right, pitch down, roll clockwise are positive."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    position_mm: Vector = (0.0, 0.0, 1600.0)  # of the middle between the eyes when unturned
    body_follows: float = 0.3  # part of the yaw that the shoulders take


@dataclass(frozen=True)
class Expression:
    """Muscles of the face, 0 relaxed to 1 full; left and right are the actor's own."""

    jaw: float = 0.0
    smile_left: float = 0.0
    smile_right: float = 0.0
    brow_up_left: float = 0.0
    brow_up_right: float = 0.0
    brow_down_left: float = 0.0
    brow_down_right: float = 0.0
    blink_left: float = 0.0
    blink_right: float = 0.0
    squint: float = 0.0
    pucker: float = 0.0
    frown: float = 0.0
    gaze_x: float = 0.0  # degrees, to screen right when facing the camera
    gaze_y: float = 0.0  # degrees, down


@dataclass(frozen=True)
class Lobe:
    """A soft light of the environment: a spherical Gaussian around `direction`."""

    direction: Vector
    colour: Vector
    sharpness: float = 6.0


@dataclass(frozen=True)
class Light:
    """The light of a scene, linear ACEScg: a key that casts shadows, and an environment."""

    key: Vector = (2.1, 2.0, 1.85)  # irradiance on a facing surface, divided by pi
    key_direction: Vector = (-0.55, -0.6, -0.75)
    key_softness_mm: float = 9.0  # half width of the shadow's edge
    sky: Vector = (0.16, 0.18, 0.21)  # radiance from above
    ground: Vector = (0.10, 0.085, 0.07)  # radiance from below
    lobes: tuple[Lobe, ...] = (  # fill from the right, rim from behind
        Lobe((0.8, -0.15, -0.6), (0.42, 0.42, 0.45), 4.0),
        Lobe((0.75, -0.45, 0.6), (0.9, 0.95, 1.1), 9.0),
    )


@dataclass(frozen=True)
class Render:
    """A picture and its truth. Images are height x width with the camera's overscan included.

    Pixel coordinates are of the display window: the array's first pixel is (-overscan, -overscan).
    """

    rgb: Floats  # (H, W, 3) linear ACEScg, premultiplied over the background if one was given
    alpha: Floats  # (H, W) 0..1, everything of the actor
    depth: Floats  # (H, W) mm along the view axis; inf where nothing is
    uv: Floats  # (H, W, 2) of the face in the layout of topology.json; NaN off the face
    matte: Floats  # (H, W) 0..1, skin and brows of the 468-point face; hair is held out
    material: npt.NDArray[np.uint8]  # (H, W) the id of MATERIALS in front
    landmarks: Floats  # (478, 3) px of the display window; z px, 0 between the outer eye corners
    pose_deg: Vector  # yaw, pitch, roll of the head towards the camera
    seen: npt.NDArray[np.bool_]  # (468,) points that nothing hides
    visible: float  # part of the face's points inside the frame and unhidden by hair, 0..1
    origin_px: tuple[int, int]  # display coordinates of the array's first pixel
    extra: dict[str, Floats] = field(default_factory=dict)
