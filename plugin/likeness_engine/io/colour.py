"""Colour: a plate's own space, the working space (linear ACEScg), and what nets and eyes see."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import PyOpenColorIO

from likeness.errors import ParameterError
from likeness_engine.io.attributes import make, text
from likeness_engine.io.display import decode_display, encode_display
from likeness_engine.io.frame import Frame
from likeness_engine.io.primaries import AP1, PREFIX, WHOLE_NUMBER_SPACE, name_of, to_acescg
from likeness_engine.io.samples import to_native

DEFAULT_CONFIG = "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3"
WORKING_SPACE = "ACEScg"

# Other words for spaces: Color Interop Forum ids, what OpenImageIO writes, older habits. Tried in
# order after the word itself.
_ALIASES = {
    "srgb": ("sRGB - Texture", "srgb_tx", "srgb_texture"),
    "srgb_rec709_scene": ("srgb_tx", "srgb_texture"),
    "srgb_rec709_display": ("srgb_tx", "srgb_texture"),
    "srgb_display": ("srgb_tx", "srgb_texture"),
    "g24_rec709": ("g24_rec709_tx", "g24_rec709_scene"),
    "rec709": ("g24_rec709", "g24_rec709_tx"),
    "linear": ("lin_rec709", "lin_srgb", "lin_rec709_scene"),
    "lin_srgb": ("lin_rec709", "lin_rec709_scene"),
    "acescg": ("ACEScg", "lin_ap1"),
    "data": ("Raw", "raw"),
}

_OCIO_ERRORS = (PyOpenColorIO.Exception, PyOpenColorIO.ExceptionMissingFile)

# A space that cannot be undone to this, in parts of the value, cannot carry a plate.
_INVERSE_TOLERANCE = 1e-3


class Colour:
    """The way from a plate's numbers to linear ACEScg and back.

    `config` is a path to a show's OpenColorIO config or a built-in ("ocio://..."); `plate_space` is
    a name, alias or role of that config. ParameterError where either is unknown, or where the space
    cannot be inverted. One object serves any number of threads.
    """

    def __init__(self, config: str = "", plate_space: str = "") -> None:
        self.config = config or DEFAULT_CONFIG
        self.plate_space = plate_space or WORKING_SPACE
        self._in, self._out = _processors(self.config, self.plate_space)

    @classmethod
    def of_frame(cls, frame: Frame, config: str = "", plate_space: str = "") -> Colour:
        """Return the colour of a frame: by the explicit name, else by the file's own word."""
        return cls(config, plate_space or space_of(frame))

    def to_linear(self, rgb: np.ndarray) -> np.ndarray:
        """Return float32 H x W x 3 in linear ACEScg; negative and HDR values survive."""
        return _apply(self._in, rgb)

    def from_linear(self, rgb: np.ndarray) -> np.ndarray:
        """Return float32 H x W x 3 in the plate's space: the inverse of `to_linear`."""
        return _apply(self._out, rgb)

    def to_display(self, rgb: np.ndarray, exposure: float = 0.0) -> np.ndarray:
        """Return linear ACEScg as a net or a person should see it: float32 0..1, sRGB.

        A fixed view, the same for every show: `exposure` in stops, ACEScg to Rec.709 primaries,
        clipped, sRGB curve. No tone mapping, so that `from_display` can undo it. The curve is exact
        to 2e-4.
        """
        return encode_display(rgb, 2.0**exposure)

    def from_display(self, rgb: np.ndarray, exposure: float = 0.0) -> np.ndarray:
        """Return sRGB float32 0..1 as linear ACEScg: the inverse of `to_display`."""
        return decode_display(rgb, 2.0**-exposure)


def linearise(frame: Frame, colour: Colour, layer: str = "", view: str = "") -> None:
    """Turn a frame's colour into linear ACEScg, in place, and say so in its header.

    For plates that are no EXR: their result is an EXR, which every compositor reads as linear.
    Half and float planes stay what they are; alpha is not multiplied in.
    """
    part, names = frame.rgb_part(layer, view), frame.rgb_names(layer, view)
    linear = colour.to_linear(frame.read_rgb(None, layer, view))
    for plane, name in enumerate(names):
        part.channels[name] = to_native(linear[..., plane], part.channels[name].dtype)[0].copy()
    part.header.pop("oiio:ColorSpace", None)
    part.header["colorInteropID"] = text("lin_ap1_scene")
    part.header["chromaticities"] = make("chromaticities", *AP1)
    frame.float_source = True


def space_of(frame: Frame) -> str:
    """Return the colour space a frame says it is in.

    In this order: colorInteropID, acesImageContainerFlag, chromaticities, oiio:ColorSpace of the
    first part; else ACEScg for a file of floats and the sRGB curve on Rec.709 for whole numbers.
    """
    header = frame.parts[0].header
    word = header.get("colorInteropID")
    if word and word.kind == "string" and word.value not in ("", "unknown"):
        return str(word.value)
    flag = header.get("acesImageContainerFlag")
    if flag and flag.kind == "int" and flag.value == 1:
        return "ACES2065-1"
    primaries = header.get("chromaticities")
    if primaries and primaries.kind == "chromaticities":
        return name_of(primaries.value)
    word = header.get("oiio:ColorSpace")
    if word and word.kind == "string" and word.value:
        return str(word.value)
    return WORKING_SPACE if frame.float_source else WHOLE_NUMBER_SPACE


@lru_cache(maxsize=16)
def _load(config: str) -> Any:
    try:
        return PyOpenColorIO.Config.CreateFromFile(config)
    except _OCIO_ERRORS as error:
        raise ParameterError(
            f"The colour config {config!r} cannot be read: {_words(error)}. "
            f"Name a config.ocio, or a built-in such as {DEFAULT_CONFIG}."
        ) from error


@lru_cache(maxsize=64)
def _processors(config: str, space: str) -> tuple[Any, Any]:
    """Return the two processors of a space; ParameterError where one does not undo the other."""
    if space.startswith(PREFIX):
        matrix = to_acescg(space)
        return matrix, np.linalg.inv(matrix)
    found, name = _load(config), _find(config, space)
    try:
        forward = _processor(found, name, inverse=False)
        backward = _processor(found, name, inverse=True)
    except _OCIO_ERRORS as error:
        raise ParameterError(
            f"{config!r} has no way from {name!r} to {WORKING_SPACE}: {_words(error)}. "
            "Name another plate space, or a config with the aces_interchange role."
        ) from error
    _check_inverse(forward, backward, config, name)
    return forward, backward


def _processor(config: Any, name: str, *, inverse: bool) -> Any:
    if config.getColorSpace(WORKING_SPACE):
        ends = (WORKING_SPACE, name) if inverse else (name, WORKING_SPACE)
        whole = config.getProcessor(*ends)
    else:
        ours = _load(DEFAULT_CONFIG)  # by way of the interchange role that every ACES config has
        from_configs = PyOpenColorIO.Config.GetProcessorFromConfigs
        if inverse:
            whole = from_configs(ours, WORKING_SPACE, config, name)
        else:
            whole = from_configs(config, name, ours, WORKING_SPACE)
    # lossless: the default trades 1e-4 of a logarithm for speed, which shows after a round trip
    fast = whole.getOptimizedCPUProcessor(PyOpenColorIO.OPTIMIZATION_LOSSLESS)
    return None if fast.isNoOp() else fast


def _find(config: str, space: str) -> str:
    """Return the config's own name for a space, by its name, an alias, a role or a known word."""
    found = _load(config)
    plain = space.removesuffix("_scene")
    others = _ALIASES.get(space.lower(), ()) + _ALIASES.get(plain.lower(), ())
    for name in (space, plain, *others):
        known = found.getColorSpace(name)
        if known:
            return str(known.getName())
    names = ", ".join(found.getColorSpaceNames())
    raise ParameterError(
        f"The plate's colour space is {space!r}, which {config!r} does not know. "
        f"Name the plate space as one of: {names}."
    )


def _check_inverse(forward: Any, backward: Any, config: str, name: str) -> None:
    # near grey: log spaces may leave out the far corners of their gamut and still carry a plate
    ramp = np.linspace(0.1, 0.9, 25, dtype=np.float32)
    probe = np.stack([ramp, ramp * 0.9 + 0.05, ramp * 0.8 + 0.1], axis=-1)[None]
    back = _apply(backward, _apply(forward, probe))
    error = float(np.abs(back - probe).max())
    if not error <= _INVERSE_TOLERANCE:
        raise ParameterError(
            f"The space {name!r} of {config!r} cannot be undone (error {error:.3g} after a round "
            "trip), so a result could not return to the plate. Name the space the plate was "
            "written in, not a display."
        )


def _apply(processor: Any, rgb: np.ndarray) -> np.ndarray:
    if processor is None:
        return np.array(rgb, np.float32, order="C")
    if isinstance(processor, np.ndarray):
        return (np.asarray(rgb, np.float64) @ processor.T).astype(np.float32)
    out = np.array(rgb, np.float32, order="C")
    if out.size:
        processor.applyRGB(out)
    return out


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")
