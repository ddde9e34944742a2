"""Colour spaces that a file describes by its primaries and white instead of by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from likeness.errors import ParameterError

PREFIX = "linear primaries "

WHOLE_NUMBER_SPACE = "srgb_rec709_scene"  # of pictures and movies that do not say theirs

# Red, green, blue, white as x, y. Sources: SMPTE ST 2065-1, S-2014-004 (ACEScg), ITU-R BT.709,
# BT.2020, SMPTE EG 432-1.
_AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
_KNOWN = {
    "ACES2065-1": _AP0,
    "ACEScg": AP1,
    "lin_rec709": REC709,
    "lin_rec2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    "lin_p3d65": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}
_TOLERANCE = 1e-3

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def name_of(chromaticities: Sequence[float]) -> str:
    """Return the name of a linear space: a known one, or "linear primaries" and the numbers."""
    for name, known in _KNOWN.items():
        if np.allclose(chromaticities, known, rtol=0, atol=_TOLERANCE):
            return name
    return PREFIX + " ".join(f"{number:.6g}" for number in chromaticities)


def to_acescg(name: str) -> np.ndarray:
    """Return the 3 x 3 matrix from a space named by its primaries to ACEScg (Bradford adapted).

    ParameterError where the numbers describe no space.
    """
    try:
        numbers = [float(word) for word in name.removeprefix(PREFIX).split()]
        source, target = rgb_to_xyz(numbers), rgb_to_xyz(AP1)
        return np.linalg.inv(target) @ _adapted(numbers[6:], AP1[6:]) @ source
    except (ValueError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        raise ParameterError(
            f"The plate's primaries ({name!r}) describe no colour space: {error}. "
            "Name the plate space."
        ) from error


def rgb_to_xyz(chromaticities: Sequence[float]) -> np.ndarray:
    """Return the 3 x 3 matrix from linear RGB to CIE XYZ, white at Y = 1 (SMPTE RP 177)."""
    xy = np.asarray(chromaticities, np.float64).reshape(4, 2)
    if not (np.isfinite(xy).all() and (xy[:, 1] != 0).all()):
        raise ValueError("a y of 0 or a number that is none")
    xyz = np.stack([xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(axis=1)) / xy[:, 1]])
    return xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])


def _adapted(source: Sequence[float], target: Sequence[float]) -> np.ndarray:
    cones = [
        _BRADFORD @ np.array([x / y, 1.0, (1 - x - y) / y])
        for x, y in (tuple(source), tuple(target))
    ]
    return np.linalg.inv(_BRADFORD) @ np.diag(cones[1] / cones[0]) @ _BRADFORD
