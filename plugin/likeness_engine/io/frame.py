"""A frame in memory: parts, channels in their native types, and every attribute of the header.

Pixels are addressed in EXR's absolute coordinates: x right, y down, pixel (0, 0) covers [0, 1).
A channel's array starts at the corner of its part's data window, which may be negative.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from likeness.errors import FrameError
from likeness_engine.io import attributes, chroma
from likeness_engine.io.attributes import Attribute
from likeness_engine.io.samples import to_native

_COMPONENTS = {"R": ("r", "red"), "G": ("g", "green"), "B": ("b", "blue")}


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels; x1 and y1 are the first pixel outside."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def empty(self) -> bool:
        return self.x1 <= self.x0 or self.y1 <= self.y0

    def clip(self, other: Window) -> Window:
        """Return the common rectangle; width or height is 0 where there is none."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Window(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    def slices(self, inside: Window) -> tuple[slice, slice]:
        """Return the rows and columns of this window in an array that covers `inside`."""
        rows = slice(self.y0 - inside.y0, self.y1 - inside.y0)
        return rows, slice(self.x0 - inside.x0, self.x1 - inside.x0)


@dataclass
class Part:
    """One image of a file. `channels` are H x W float16, float32 or uint32, as in the file.

    A channel listed in `sampling` has a sample at each (x, y)-th pixel only, and a smaller array.
    `header` has every attribute as raw bytes; the windows and the aspect here win over it.
    """

    name: str
    channels: dict[str, np.ndarray]
    header: dict[str, Attribute]
    data_window: Window
    display_window: Window
    pixel_aspect: float = 1.0
    storage: str = "scanlineimage"
    compression: str = "zip"
    sampling: dict[str, tuple[int, int]] = field(default_factory=dict)
    p_linear: frozenset[str] = frozenset()

    @property
    def view(self) -> str:
        """Return the part's view ("left"), or an empty string."""
        found = self.header.get("view")
        return str(found.value) if found and found.kind == "string" else ""


@dataclass
class Frame:
    """A frame of a plate: what `read_frame` gives and `write_frame` takes."""

    path: str
    number: int
    parts: list[Part]
    float_source: bool = True  # False where the file held whole numbers (8 or 16 bits)
    stamp: tuple[int, ...] = ()  # of the EXR file it was decoded from, see `stamp_of`

    @property
    def data_window(self) -> Window:
        return self.parts[0].data_window

    @property
    def display_window(self) -> Window:
        return self.parts[0].display_window

    @property
    def pixel_aspect(self) -> float:
        return self.parts[0].pixel_aspect

    def rgb_names(self, layer: str = "", view: str = "") -> tuple[str, str, str]:
        """Return the names of the three channels that hold a layer's colour.

        Luminance-chroma plates answer ("Y", "RY", "BY"). FrameError, with what there is, otherwise.
        """
        return self._find(layer, view)[1]

    def rgb_part(self, layer: str = "", view: str = "") -> Part:
        """Return the part that holds a layer's colour."""
        return self._find(layer, view)[0]

    def read_rgb(self, window: Window | None = None, layer: str = "", view: str = "") -> np.ndarray:
        """Return float32 H x W x 3 of the window clipped to the data window, values as stored."""
        part, names = self._find(layer, view)
        box = (window or part.data_window).clip(part.data_window)
        if names == chroma.NAMES:
            return chroma.read_rgb(part, box)
        rgb = np.empty((box.height, box.width, 3), np.float32)
        for plane, name in enumerate(names):
            rgb[..., plane] = part.channels[name][box.slices(part.data_window)]
        return rgb

    def write_rgb(
        self,
        window: Window,
        rgb: np.ndarray,
        changed: np.ndarray,
        layer: str = "",
        view: str = "",
    ) -> int:
        """Store float32 H x W x 3 where `changed` (bool H x W); every other sample keeps its bits.

        `window` lies in absolute pixels; what falls outside the data window is not stored. Finite
        values beyond the range of half become +-65504 (an infinity would spread through the first
        blur downstream); infinities and NaN stay what they are. Returns how many samples were held
        at the end of the range, so that nobody clips in silence.
        """
        part, names = self._find(layer, view)
        box = window.clip(part.data_window)
        inner = box.slices(window)
        rgb, where = rgb[inner], changed[inner]
        if names == chroma.NAMES:
            return chroma.write_rgb(part, box, rgb, where)
        held = 0
        for plane, name in enumerate(names):
            target = _writable(part, name)[box.slices(part.data_window)]
            stored, lost = to_native(rgb[..., plane][where], target.dtype)
            target[where] = stored
            held += lost
        return held

    def channel(self, name: str, window: Window | None = None) -> np.ndarray:
        """Return one channel as float32 H x W; `name` as in the file, or `part.name`.

        A subsampled channel is repeated to full size. FrameError where there is no such channel.
        """
        part, key = self._channel(name)
        box = (window or part.data_window).clip(part.data_window)
        if key in part.sampling:
            xs, ys = part.sampling[key]
            full = part.channels[key].repeat(ys, axis=0).repeat(xs, axis=1)
            return full[box.slices(part.data_window)].astype(np.float32)
        return part.channels[key][box.slices(part.data_window)].astype(np.float32)

    def add_layer(
        self,
        name: str,
        planes: Mapping[str, np.ndarray],
        *,
        window: Window | None = None,
        dtype: str = "half",
        view: str = "",
    ) -> None:
        """Add channels `name.R`, ... to the plate's own part, from float32 H x W planes.

        `window` says where the planes lie (default: the data window); outside it the layer is 0.
        A channel of that name is replaced.
        """
        part = self._home(view)
        place = window or part.data_window
        box = place.clip(part.data_window)
        kind = {"half": np.float16, "float": np.float32, "uint": np.uint32}[dtype]
        prefix = f"{view}.{name}" if view and len(self.parts) == 1 else name
        for component, plane in planes.items():
            full = np.zeros((part.data_window.height, part.data_window.width), kind)
            full[box.slices(part.data_window)] = to_native(plane[box.slices(place)], full.dtype)[0]
            key = f"{prefix}.{component}"
            part.channels[key] = full
            part.sampling.pop(key, None)

    def set_text(self, name: str, value: str) -> None:
        """Set a string attribute on the first part."""
        self.parts[0].header[name] = attributes.text(value)

    def _home(self, view: str) -> Part:
        for part in self.parts:
            if view and part.view == view:
                return part
        return self.parts[0]

    def _channel(self, name: str) -> tuple[Part, str]:
        for part in self.parts:
            if name in part.channels:
                return part, name
        for part in self.parts:
            prefix = f"{part.name}."
            if part.name and name.startswith(prefix) and name[len(prefix) :] in part.channels:
                return part, name[len(prefix) :]
        for part in self.parts:
            for key in part.channels:
                if key.lower() == name.lower():
                    return part, key
        raise FrameError(
            f"Frame {self.number} ({self.path}) has no channel {name!r}. It has {self._listing()}."
        )

    def _find(self, layer: str, view: str) -> tuple[Part, tuple[str, str, str]]:
        """Return the part and channel names of a layer: by prefix, by part name, by view."""
        for part in self.parts:
            if view and part.view and part.view != view:
                continue
            for prefix in _prefixes(part, layer, view, single=len(self.parts) == 1):
                if names := _rgb_under(part, prefix):
                    return part, names
        what = f"layer {layer!r}" if layer else "R, G, B"
        seen = f" in view {view!r}" if view else ""
        raise FrameError(
            f"Frame {self.number} ({self.path}) has no {what}{seen}. It has {self._listing()}. "
            "Name the layer that holds the plate."
        )

    def _listing(self) -> str:
        names = [f"{p.name}: " * bool(p.name) + ", ".join(p.channels) for p in self.parts]
        text = "; ".join(names)
        return text if len(text) < 400 else text[:400] + " ..."


def stamp_of(file: BinaryIO) -> tuple[int, ...]:
    """Return what tells that an open file is still the same: device, inode, size, time."""
    told = os.fstat(file.fileno())
    return (told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns)


def _writable(part: Part, name: str) -> np.ndarray:
    if not part.channels[name].flags.writeable:
        part.channels[name] = part.channels[name].copy()
    return part.channels[name]


def _prefixes(part: Part, layer: str, view: str, *, single: bool) -> list[str]:
    """Return the channel prefixes to look under, in the order of the EXR multi-view rules."""
    own = f"{layer}." if layer else ""
    if not single or part.view:
        bare = part.name.removesuffix(f".{part.view}") if part.view else part.name
        by_part = [""] if layer and layer in (part.name, bare) else []
        return [own, *by_part]
    views = _views(part)
    if not view or (views and view == views[0]):
        return [own]
    if layer:
        return [f"{layer}.{view}.", f"{view}.{layer}."]
    return [f"{view}."]


def _views(part: Part) -> list[str]:
    found = part.header.get("multiView")
    return list(found.value) if found and found.kind == "stringvector" else []


def _rgb_under(part: Part, prefix: str) -> tuple[str, str, str] | None:
    if not prefix and all(name in part.channels for name in chroma.NAMES):
        return chroma.NAMES
    found = []
    for plain, others in _COMPONENTS.items():
        names = (plain, *others, *(other.capitalize() for other in others))
        name = next((prefix + n for n in names if prefix + n in part.channels), "")
        if not name or name in part.sampling:
            return None
        found.append(name)
    return found[0], found[1], found[2]
