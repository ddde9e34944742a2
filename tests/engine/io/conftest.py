"""Frames of raw bits: every sample pattern there is, NaN payloads and minus zero among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from likeness_engine.io.attributes import Attribute, make
from likeness_engine.io.frame import Frame, Part, Window


@pytest.fixture
def bits() -> Callable[..., np.ndarray]:
    """Return a maker of H x W planes of random bits; "f2", "f4" or "u4"."""
    noise = np.random.default_rng(20261124)

    def plane(kind: str, height: int = 40, width: int = 48) -> np.ndarray:
        size = np.dtype(kind).itemsize
        return noise.integers(0, 256, (height, width * size), np.uint8).view(kind)

    return plane


@pytest.fixture
def make_part() -> Callable[..., Part]:
    """Return a maker of parts with a corner at -3, -5 in a display window of 40 x 30."""

    def part(
        channels: dict[str, np.ndarray],
        header: dict[str, Attribute] | None = None,
        *,
        name: str = "",
        corner: tuple[int, int] = (-3, -5),
        size: tuple[int, int] | None = None,
        **fields: Any,
    ) -> Part:
        height, width = size or next(iter(channels.values())).shape
        x, y = corner
        shown = {"lineOrder": make("lineOrder", 0), **(header or {})}
        window = Window(x, y, x + width, y + height)
        return Part(name, channels, shown, window, Window(0, 0, 40, 30), 1.5, **fields)

    return part


@pytest.fixture
def half_plate(bits: Any, make_part: Any) -> Frame:
    """A half RGBA plate with a float depth and uint ids."""
    planes = {name: bits("f2") for name in "RGBA"}
    return Frame("plate.1001.exr", 1001, [make_part({**planes, "Z": bits("f4"), "id": bits("u4")})])


@pytest.fixture
def difference() -> Callable[[Frame, Frame], list[str]]:
    """Return a way to list in what two frames differ, to the bit."""

    def compare(one: Frame, two: Frame) -> list[str]:
        found = [] if len(one.parts) == len(two.parts) else ["number of parts"]
        fields = (
            "name data_window display_window pixel_aspect storage compression sampling p_linear"
        )
        for a, b in zip(one.parts, two.parts, strict=False):
            found += [f for f in fields.split() if getattr(a, f) != getattr(b, f)]
            found += [f"attribute {n}" for n in a.header if b.header.get(n) != a.header[n]]
            if sorted(a.channels) != sorted(b.channels):
                found.append("channel names")
                continue
            for name, plane in a.channels.items():
                other = b.channels[name]
                if (plane.dtype, plane.shape) != (other.dtype, other.shape):
                    found.append(f"type of {name}")
                elif plane.tobytes() != other.tobytes():
                    found.append(f"bits of {name}")
        return found

    return compare
