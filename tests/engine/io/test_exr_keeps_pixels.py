"""Whatever an EXR can hold comes back from a read, a write and a read with the same bits."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from likeness.errors import FrameError
from likeness_engine.io.attributes import Attribute, make, text
from likeness_engine.io.container import COMPRESSIONS
from likeness_engine.io.files import kept_compression, lossless, read_frame, write_frame
from likeness_engine.io.frame import Frame, Part, Window

VIEWS = Attribute("stringvector", b"\x04\0\0\0left\x05\0\0\0right")
ONE_TO_ONE = Window(0, 0, 8, 8)


def _tiles(width, height):
    return {"tiles": make("tiledesc", width, height, 0), "lineOrder": make("lineOrder", 2)}


def _mixed(bits, make_part):
    return [make_part({"R": bits("f2"), "Z": bits("f4"), "id": bits("u4")})]


def _tiled(bits, make_part):
    planes = {name: bits("f2") for name in "RGB"}
    return [make_part(planes, _tiles(32, 16), storage="tiledimage")]


def _decreasing(bits, make_part):
    return [make_part({n: bits("f2") for n in "RGB"}, {"lineOrder": make("lineOrder", 1)})]


def _multi_part(bits, make_part):
    left, right = ({n: bits("f2") for n in "RGBA"} for _ in range(2))
    return [
        make_part(left, {"view": text("left")}, name="rgba.left"),
        make_part(right, {"view": text("right")}, name="rgba.right"),
        make_part({"Z": bits("f4")}, name="depth", compression="zips"),
        make_part({"id": bits("u4")}, _tiles(16, 16), name="crypto", storage="tiledimage"),
    ]


def _single_part_views(bits, make_part):
    names = ("R", "G", "B", "right.R", "right.G", "right.B")
    return [make_part({n: bits("f2") for n in names}, {"multiView": VIEWS})]


def _luminance_chroma(bits, make_part):
    planes = {"Y": bits("f2"), "RY": bits("f2", 20, 24), "BY": bits("f2", 20, 24)}
    sampling = {"RY": (2, 2), "BY": (2, 2)}
    return [make_part(planes, corner=(-4, -6), size=(40, 48), sampling=sampling)]


def _perceptually_linear(bits, make_part):
    return [make_part({"R": bits("f2"), "G": bits("f2")}, p_linear=frozenset("R"))]


def _many_layers(bits, make_part):
    names = [f"layer{index:02}.{c}" for index in range(64) for c in "RGB"]
    return [make_part({n: bits("f2", 8, 8) for n in names})]


def _odd_names(bits, make_part):
    return [make_part({n: bits("f2") for n in ("r", "R", "a.b.c.d", "Ünï", "x" * 60)})]


def _windows_of_parts(bits, make_part):
    small = make_part({"R": bits("f2", 10, 10)}, name="b", corner=(100, 100))
    return [make_part({"R": bits("f2")}, name="a"), small]


def _outside_the_display(bits, make_part):
    return [make_part({"R": bits("f2")}, corner=(1000, 1000))]


def _one_pixel(bits, make_part):
    return [make_part({"R": bits("f2", 1, 1)}, corner=(5, 5))]


KINDS = [
    _mixed,
    _tiled,
    _decreasing,
    _multi_part,
    _single_part_views,
    _luminance_chroma,
    _perceptually_linear,
    _many_layers,
    _odd_names,
    _windows_of_parts,
    _outside_the_display,
    _one_pixel,
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_every_kind_of_exr_comes_back_with_the_same_bits(
    kind, bits, make_part, difference, tmp_path
):
    frame = Frame("", 7, kind(bits, make_part))
    write_frame(frame, tmp_path / "a.exr")
    once = read_frame(tmp_path / "a.exr", 7)
    write_frame(once, tmp_path / "b.exr")
    assert difference(frame, once) == []
    assert difference(once, read_frame(tmp_path / "b.exr", 7)) == []


@pytest.mark.parametrize("compression", [c for c in COMPRESSIONS if lossless(c)])
@pytest.mark.parametrize("storage", ["scanlineimage", "tiledimage"])
def test_every_lossless_compression_keeps_half_float_and_uint(
    compression, storage, bits, make_part, difference, tmp_path
):
    header = _tiles(32, 16) if storage == "tiledimage" else {}
    planes = {"R": bits("f2"), "G": bits("f2"), "B": bits("f2"), "Z": bits("f4"), "id": bits("u4")}
    part = make_part(planes, header, storage=storage, compression=compression)
    frame = Frame("", 7, [part])
    assert write_frame(frame, tmp_path / "a.exr") == compression
    assert difference(frame, read_frame(tmp_path / "a.exr")) == []


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)),
    st.integers(-(1 << 20), 1 << 20),
    st.integers(-(1 << 20), 1 << 20),
    st.sampled_from(["none", "zip", "piz"]),
)
def test_any_bits_at_any_place_survive(tmp_path, samples, x, y, compression):
    plane = samples.view(np.float16)
    window = Window(x, y, x + plane.shape[1], y + plane.shape[0])
    part = Part("", {"R": plane}, {}, window, ONE_TO_ONE, compression=compression)
    write_frame(Frame("", 0, [part]), tmp_path / "a.exr")
    read = read_frame(tmp_path / "a.exr")
    assert read.data_window == window
    assert read.parts[0].channels["R"].tobytes() == plane.tobytes()


@pytest.mark.parametrize("compression", ["b44", "b44a", "dwaa", "dwab", "lj2k"])
def test_a_plate_in_a_lossy_codec_keeps_its_bits_by_being_written_as_zip(
    compression, half_plate, difference, tmp_path
):
    smooth = np.random.default_rng(1).normal(0.5, 0.2, (40, 48))
    half_plate.parts[0].channels = {n: smooth.astype(np.float16) for n in "RGB"}
    write_frame(half_plate, tmp_path / "plate.exr", compression=compression)
    plate = read_frame(tmp_path / "plate.exr")
    assert plate.parts[0].compression == compression
    assert write_frame(plate, tmp_path / "out.exr") == kept_compression(plate.parts[0]) == "zip"
    again = read_frame(tmp_path / "out.exr")
    assert set(difference(plate, again)) == {"compression", "attribute compression"}


def test_pxr24_is_kept_because_a_second_pass_changes_nothing(half_plate, difference, tmp_path):
    half_plate.parts[0].channels["Z"] = np.linspace(-9, 9, 1920, dtype="f4").reshape(40, 48)
    write_frame(half_plate, tmp_path / "a.exr", compression="pxr24")
    plate = read_frame(tmp_path / "a.exr")
    assert write_frame(plate, tmp_path / "b.exr") == "pxr24"
    assert difference(plate, read_frame(tmp_path / "b.exr")) == []


def test_parts_that_disagree_on_the_display_window_are_refused(bits, make_part, tmp_path):
    parts = [make_part({"R": bits("f2")}, name=name) for name in "ab"]
    parts[1].display_window = Window(0, 0, 1, 1)
    with pytest.raises(FrameError, match="disagree on the display window"):
        write_frame(Frame("", 0, parts), tmp_path / "a.exr")
    assert list(tmp_path.iterdir()) == []


def test_mip_levels_are_dropped_and_the_full_picture_kept(half_plate, tmp_path):
    oiio = pytest.importorskip("OpenImageIO")
    source = oiio.ImageBuf(oiio.ImageSpec(64, 64, 3, "half"))
    oiio.ImageBufAlgo.noise(source, "uniform", 0, 1)
    oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, source, str(tmp_path / "mip.exr"))
    plate = read_frame(tmp_path / "mip.exr")
    assert plate.parts[0].header["tiles"].value[2] == 1
    write_frame(plate, tmp_path / "out.exr")
    again = read_frame(tmp_path / "out.exr")
    assert again.parts[0].header["tiles"].value == (64, 64, 0, False)
    for name, plane in plate.parts[0].channels.items():
        assert again.parts[0].channels[name].tobytes() == plane.tobytes()
