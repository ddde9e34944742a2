"""DPX, TIFF, PNG and JPEG become frames like any other."""

import numpy as np
import OpenImageIO
import pytest

from likeness_engine.io.attributes import read_timecode
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.frame import Window


@pytest.fixture
def save(tmp_path):
    """Return a way to write pixels (H x W x C, float or whole) with OpenImageIO."""

    def write(name, pixels, kind, channels=None, **words):
        high, wide, count = pixels.shape
        spec = OpenImageIO.ImageSpec(wide, high, count, kind)
        if channels:
            spec.channelnames = channels
        for field in ("x", "y", "full_x", "full_y", "full_width", "full_height"):
            if field in words:
                setattr(spec, field, words.pop(field))
        for word, value in words.items():
            spec.attribute(word.replace("__", ":"), value)
        if name.endswith(".dpx"):
            spec.attribute("smpte:TimeCode", OpenImageIO.TypeDesc("timecode"), (0x01020304, 0))
        out = OpenImageIO.ImageOutput.create(str(tmp_path / name))
        assert out.open(str(tmp_path / name), spec)
        assert out.write_image(np.ascontiguousarray(pixels)), out.geterror()
        out.close()
        return tmp_path / name

    return write


def _codes(bits, seed=0):
    return np.random.default_rng(seed).integers(0, 1 << bits, (20, 30, 3))


@pytest.mark.parametrize(
    ("name", "kind", "bits"),
    [
        ("a.png", "uint8", 8),
        ("a.png", "uint16", 16),
        ("a.tif", "uint8", 8),
        ("a.tif", "uint16", 16),
    ],
)
def test_whole_numbers_become_exact_fractions_of_their_range(name, kind, bits, save):
    codes = _codes(bits)
    frame = read_frame(save(name, codes.astype(kind), kind), 3)
    assert not frame.float_source
    top = (1 << bits) - 1
    for index, channel in enumerate("RGB"):
        plane = frame.parts[0].channels[channel]
        assert plane.dtype == np.float32
        np.testing.assert_array_equal(np.rint(plane * top), codes[..., index])


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_every_code_of_a_dpx_is_told_apart(bits, save):
    codes = _codes(bits)
    pixels = (codes / ((1 << bits) - 1)).astype(np.float32)
    kind = "uint8" if bits == 8 else "uint16"
    frame = read_frame(save("a.dpx", pixels, kind, oiio__BitsPerSample=bits), 3)
    rgb = frame.read_rgb()
    np.testing.assert_array_equal(rgb, pixels)


@pytest.mark.parametrize("kind", ["half", "float"])
def test_a_float_tiff_keeps_values_beyond_0_and_1(kind, save):
    pixels = np.random.default_rng(0).normal(0, 4, (20, 30, 3)).astype(np.float16)
    frame = read_frame(save("a.tif", pixels.astype(np.float32), kind), 1)
    assert frame.float_source
    np.testing.assert_array_equal(frame.read_rgb(), pixels.astype(np.float32))


def test_the_windows_of_a_tiff_are_kept(save):
    pixels = np.zeros((20, 30, 3), np.uint8)
    place = {"x": 5, "y": 7, "full_x": 0, "full_y": 0, "full_width": 64, "full_height": 48}
    frame = read_frame(save("a.tif", pixels, "uint8", **place), 1)
    assert frame.data_window == Window(5, 7, 35, 27)
    assert frame.display_window == Window(0, 0, 64, 48)


def test_a_dpx_keeps_timecode_aspect_and_words(save):
    path = save("a.dpx", np.zeros((20, 30, 3), np.uint16), "uint16", PixelAspectRatio=2.0)
    frame = read_frame(path, 1)
    header = frame.parts[0].header
    assert read_timecode(header["timeCode"]) == "01:02:03:04"
    assert frame.pixel_aspect == 2.0
    assert header["dpx:ImageDescriptor"].value == "RGB"
    write_frame(frame, path.with_suffix(".exr"))
    again = read_frame(path.with_suffix(".exr"))
    assert again.pixel_aspect == 2.0
    assert read_timecode(again.parts[0].header["timeCode"]) == "01:02:03:04"


def test_words_about_the_old_file_do_not_spoil_the_new_header(save):
    path = save("a.tif", np.zeros((20, 30, 3), np.uint8), "uint8", compression="lzw", Artist="me")
    header = read_frame(path, 1).parts[0].header
    assert header["Artist"].value == "me"
    assert "compression" not in header
    write_frame(read_frame(path, 1), path.with_suffix(".exr"))
    assert read_frame(path.with_suffix(".exr")).parts[0].compression == "zip"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_upright(orientation, save):
    """The stored picture is made from the upright one by undoing what Exif's table says."""
    upright = np.zeros((20, 30, 3), np.uint8)
    upright[:5, :10] = 255  # bright at the top left
    undo = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, -1),
    }
    path = save("a.tif", undo[orientation](upright), "uint8", Orientation=orientation)
    np.testing.assert_array_equal(read_frame(path, 1).read_rgb() * 255, upright)


def test_grey_stands_for_all_three_colours(save):
    codes = _codes(8)[..., :1]
    frame = read_frame(save("a.png", codes.astype(np.uint8), "uint8"), 1)
    assert sorted(frame.parts[0].channels) == ["B", "G", "R"]
    np.testing.assert_array_equal(np.rint(frame.read_rgb() * 255), codes.repeat(3, axis=2))


def test_the_colours_of_a_grey_picture_can_differ_afterwards(save):
    frame = read_frame(save("a.png", np.zeros((4, 4, 1), np.uint8), "uint8"), 1)
    box = Window(0, 0, 4, 4)
    frame.write_rgb(box, np.full((4, 4, 3), [1, 2, 3], np.float32), np.ones((4, 4), bool))
    np.testing.assert_array_equal(frame.read_rgb()[0, 0], [1, 2, 3])


def test_alpha_is_not_multiplied_into_colour(save):
    pixels = np.full((4, 4, 4), [200, 100, 50, 128], np.uint8)
    frame = read_frame(save("a.png", pixels, "uint8", oiio__UnassociatedAlpha=1), 1)
    np.testing.assert_array_equal(np.rint(frame.read_rgb()[0, 0] * 255), [200, 100, 50])
    assert np.rint(frame.channel("A")[0, 0] * 255) == 128


def test_a_jpeg_reads_close_to_what_was_saved(save):
    y, x = np.mgrid[0:64, 0:64]
    pixels = np.stack([x * 3, y * 3, 255 - x * 2], axis=-1).astype(np.uint8)
    frame = read_frame(save("a.jpg", pixels, "uint8", compression="jpeg:98"), 1)
    # JPEG at quality 98 with halved chroma: a few codes
    np.testing.assert_allclose(frame.read_rgb() * 255, pixels, atol=8)
    assert frame.parts[0].header["oiio:ColorSpace"].value == "srgb_rec709_scene"


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.dpx"])
def test_the_exr_of_a_picture_says_that_it_is_not_linear(name, save):
    from likeness_engine.io.colour import space_of

    path = save(name, np.zeros((4, 4, 3), np.uint16), "uint16")
    write_frame(read_frame(path, 1), path.with_suffix(".exr"))
    assert space_of(read_frame(path.with_suffix(".exr"))) == "srgb_rec709_scene"
