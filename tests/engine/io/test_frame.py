"""Colour is read from and stored into a window; everything else keeps its bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from likeness.errors import FrameError
from likeness_engine.io.attributes import Attribute, make, text
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.io.samples import to_native

VIEWS = Attribute("stringvector", b"\x04\0\0\0left\x05\0\0\0right")


def _frame(make_part, bits, *names, header=None, **fields):
    return Frame("p.exr", 5, [make_part({n: bits("f2") for n in names}, header, **fields)])


def test_a_window_reads_absolute_pixels(half_plate):
    plane = half_plate.parts[0].channels["G"]
    rgb = half_plate.read_rgb(Window(0, 0, 4, 3))
    assert rgb.shape == (3, 4, 3)
    assert rgb.dtype == np.float32
    np.testing.assert_array_equal(rgb[..., 1], plane[5:8, 3:7].astype(np.float32))


def test_a_window_is_clipped_to_the_data_window(half_plate):
    assert half_plate.read_rgb(Window(-100, -100, 0, 0)).shape == (5, 3, 3)
    assert half_plate.read_rgb(Window(100, 100, 200, 200)).shape == (0, 0, 3)
    assert half_plate.read_rgb().shape == (40, 48, 3)


def test_only_changed_samples_are_stored(half_plate):
    before = {n: plane.copy() for n, plane in half_plate.parts[0].channels.items()}
    window = Window(-10, -10, 20, 20)
    changed = np.random.default_rng(0).random((30, 30)) < 0.3
    held = half_plate.write_rgb(window, np.full((30, 30, 3), 0.25, np.float32), changed)
    assert held == 0
    inside = np.zeros((40, 48), bool)
    inside[:25, :23] = changed[5:, 7:]
    for name, plane in half_plate.parts[0].channels.items():
        touched = inside & (name in "RGB")
        assert plane[~touched].tobytes() == before[name][~touched].tobytes()
        assert (plane[touched] == 0.25).all()


def test_a_finite_value_beyond_half_becomes_the_largest_half_and_is_counted(make_part):
    part = make_part({n: np.zeros((1, 5), np.float16) for n in "RGB"}, corner=(0, 0))
    frame = Frame("", 0, [part])
    row = np.array([1e9, -1e9, np.inf, -np.inf, np.nan], np.float32)
    rgb = np.repeat(row[None, :, None], 3, axis=2)
    held = frame.write_rgb(Window(0, 0, 5, 1), rgb, np.ones((1, 5), bool))
    assert held == 6
    stored = part.channels["R"][0]
    np.testing.assert_array_equal(stored, np.float16([65504, -65504, np.inf, -np.inf, np.nan]))


def test_float_plates_take_any_float(make_part):
    part = make_part({n: np.zeros((1, 2), np.float32) for n in "RGB"}, corner=(0, 0))
    rgb = np.array([[[1e30, -1e-30, 3.0], [0, 0, 0]]], np.float32)
    Frame("", 0, [part]).write_rgb(Window(0, 0, 2, 1), rgb, np.array([[True, False]]))
    assert part.channels["R"][0, 0] == np.float32(1e30)
    assert part.channels["G"][0, 0] == np.float32(-1e-30)


@settings(max_examples=50, deadline=None)
@given(arrays.arrays(np.float32, 50, elements=st.floats(-65504, 65504, width=32)))
def test_values_within_half_are_rounded_to_the_nearest_half(values):
    stored, held = to_native(values, np.dtype(np.float16))
    assert held == 0
    np.testing.assert_array_equal(stored, values.astype(np.float16))


def test_whole_number_channels_are_rounded_and_held_in_range():
    stored, held = to_native(np.float32([1.6, -3, 1e20, np.nan]), np.dtype(np.uint32))
    assert stored.tolist() == [2, 0, 4294967295, 0]
    assert held == 2


def test_a_layer_is_found_by_its_prefix(make_part, bits):
    frame = _frame(make_part, bits, "R", "G", "B", "beauty.R", "beauty.G", "beauty.B", "Z")
    assert frame.rgb_names() == ("R", "G", "B")
    assert frame.rgb_names("beauty") == ("beauty.R", "beauty.G", "beauty.B")


def test_lower_case_and_spelled_out_names_count(make_part, bits):
    frame = _frame(make_part, bits, "r", "g", "b", "cg.red", "cg.green", "cg.blue")
    assert frame.rgb_names() == ("r", "g", "b")
    assert frame.rgb_names("cg") == ("cg.red", "cg.green", "cg.blue")


def test_a_view_of_a_single_part_is_found_by_the_multi_view_rules(make_part, bits):
    names = ("R", "G", "B", "right.R", "right.G", "right.B", "fx.right.R", "fx.right.G")
    frame = _frame(make_part, bits, *names, "fx.right.B", header={"multiView": VIEWS})
    assert frame.rgb_names(view="left") == ("R", "G", "B")
    assert frame.rgb_names(view="right") == ("right.R", "right.G", "right.B")
    assert frame.rgb_names("fx", "right") == ("fx.right.R", "fx.right.G", "fx.right.B")


def test_a_view_or_a_layer_of_a_multi_part_file_is_found_by_its_part(make_part, bits):
    def part(name, view, *names):
        return make_part({n: bits("f2") for n in names}, {"view": text(view)}, name=name)

    frame = Frame(
        "p.exr",
        1,
        [
            part("rgba.left", "left", "R", "G", "B"),
            part("rgba.right", "right", "R", "G", "B"),
            part("fx.right", "right", "R", "G", "B"),
        ],
    )
    assert frame.rgb_part(view="left") is frame.parts[0]
    assert frame.rgb_part(view="right") is frame.parts[1]
    assert frame.rgb_part("fx", "right") is frame.parts[2]
    assert frame.channel("fx.right.R").shape == (40, 48)


def test_a_missing_layer_is_an_error_that_lists_what_there_is(make_part, bits):
    frame = _frame(make_part, bits, "R", "G", "depth.Z")
    with pytest.raises(FrameError, match=r"Frame 5 \(p.exr\) has no R, G, B.*R, G, depth.Z"):
        frame.read_rgb()
    with pytest.raises(FrameError, match="no channel 'roto.a'"):
        frame.channel("roto.a")


def test_a_channel_is_found_whatever_its_case(make_part, bits):
    frame = _frame(make_part, bits, "Roto.A")
    assert frame.channel("roto.a", Window(0, 0, 2, 2)).dtype == np.float32


def test_an_added_layer_lies_in_its_window_and_is_zero_outside(half_plate):
    plane = np.full((4, 6), 0.5, np.float32)
    half_plate.add_layer("swap", {"R": plane, "A": plane}, window=Window(-5, -7, 1, -3))
    full = half_plate.parts[0].channels["swap.A"]
    assert full.dtype == np.float16
    assert full.shape == (40, 48)
    assert (full[:2, :4] == 0.5).all()
    assert np.count_nonzero(full) == 8


def test_an_added_layer_goes_to_its_view(make_part, bits):
    parts = [make_part({"R": bits("f2")}, {"view": text(v)}, name=v) for v in ("left", "right")]
    frame = Frame("", 0, parts)
    frame.add_layer("m", {"A": np.ones((40, 48), np.float32)}, dtype="float", view="right")
    assert frame.parts[1].channels["m.A"].dtype == np.float32
    assert "m.A" not in frame.parts[0].channels


def _ycc(make_part, rgb):
    """Return a frame that holds RGB (H x W x 3, even sides) as luminance and chroma."""
    weights = np.float32([0.2126390, 0.7151687, 0.0721923])
    luma = rgb @ weights
    planes = {
        "Y": luma.astype(np.float32),
        "RY": ((rgb[..., 0] - luma) / luma)[::2, ::2].astype(np.float32),
        "BY": ((rgb[..., 2] - luma) / luma)[::2, ::2].astype(np.float32),
    }
    sampling = {"RY": (2, 2), "BY": (2, 2)}
    part = make_part(planes, corner=(-4, -6), size=luma.shape, sampling=sampling)
    return Frame("", 0, [part])


def _smooth(height, width):
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([0.5 + x / 200, 0.4 + y / 200, 0.6 - x / 300], axis=-1)


def test_luminance_chroma_reads_as_rgb(make_part):
    rgb = _smooth(60, 80)
    frame = _ycc(make_part, rgb)
    assert frame.rgb_names() == ("Y", "RY", "BY")
    # half a step of chroma is interpolated; at the border the filter sees a repeated edge
    np.testing.assert_allclose(frame.read_rgb()[14:-14, 14:-14], rgb[14:-14, 14:-14], atol=2e-4)


def test_a_window_of_luminance_chroma_is_that_part_of_the_whole(make_part):
    frame = _ycc(make_part, np.random.default_rng(3).random((60, 80, 3)).astype(np.float32) + 0.1)
    whole = frame.read_rgb()
    box = Window(9, 5, 32, 30)
    np.testing.assert_array_equal(frame.read_rgb(box), whole[11:36, 13:36])


def test_luminance_chroma_is_changed_only_under_changed_pixels(make_part):
    frame = _ycc(make_part, _smooth(60, 80))
    before = {n: p.copy() for n, p in frame.parts[0].channels.items()}
    box = Window(3, 3, 31, 29)
    changed = np.zeros((26, 28), bool)
    changed[4:22, 5:23] = True
    target = np.full((26, 28, 3), [0.9, 0.3, 0.2], np.float32)
    frame.write_rgb(box, target, changed)
    full = np.zeros((60, 80), bool)
    full[13:31, 12:30] = True
    for name, where in (("Y", full), ("RY", full[::2, ::2]), ("BY", full[::2, ::2])):
        plane = frame.parts[0].channels[name]
        np.testing.assert_array_equal(plane != before[name], where)
    inner = frame.read_rgb(Window(18, 17, 20, 19))
    np.testing.assert_allclose(inner, np.broadcast_to([0.9, 0.3, 0.2], inner.shape), atol=0.02)


def test_the_parts_own_primaries_weigh_the_luminance(make_part):
    from likeness_engine.io.chroma import luminance_weights

    ap1 = make("chromaticities", 0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
    part = make_part({"Y": np.ones((2, 2), np.float16)}, {"chromaticities": ap1})
    # SMPTE-published luminance of ACEScg (S-2014-004)
    np.testing.assert_allclose(
        luminance_weights(part), [0.27222872, 0.67408177, 0.0536895], atol=1e-5
    )
    box = Window(0, 0, 1, 1)
    bare = Part("", {}, {}, box, box)
    np.testing.assert_allclose(luminance_weights(bare), [0.2126, 0.7152, 0.0722], atol=1e-4)
