"""One frame in, one frame out: kinds, types, and errors that name file and frame."""

import numpy as np
import pytest

from likeness.errors import FrameError, ParameterError
from likeness_engine.io.files import lossless, read_frame, write_frame
from likeness_engine.io.frame import Frame


def test_a_file_that_is_not_there_is_named_with_its_frame(tmp_path):
    with pytest.raises(FrameError, match=r"a\.1003\.exr \(frame 1003\) does not exist"):
        read_frame(tmp_path / "a.1003.exr", 1003)


def test_a_kind_that_is_not_read_is_an_error_that_lists_those_that_are(tmp_path):
    (tmp_path / "a.psd").write_bytes(b"8BPS")
    with pytest.raises(FrameError, match=r"a\.psd \(frame 4\) is of no kind.*\.dpx.*\.mov"):
        read_frame(tmp_path / "a.psd", 4)


def test_only_exr_is_written(half_plate, tmp_path):
    with pytest.raises(ParameterError, match="written as EXR only"):
        write_frame(half_plate, tmp_path / "a.png")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"compression": "lzw"}, "compression is 'lzw'; it must be one of none, rle"),
        ({"pixel_type": "uint"}, "pixel_type is 'uint'; it must be half or float"),
    ],
)
def test_unknown_words_are_refused(asked, message, half_plate, tmp_path):
    with pytest.raises(ParameterError, match=message):
        write_frame(half_plate, tmp_path / "a.exr", **asked)


def test_another_pixel_type_is_for_colour_and_leaves_depth_and_ids(half_plate, tmp_path):
    half_plate.add_layer("swap", {"R": np.ones((40, 48), np.float32)})
    write_frame(half_plate, tmp_path / "a.exr", pixel_type="float")
    channels = read_frame(tmp_path / "a.exr").parts[0].channels
    types = {name: plane.dtype.str for name, plane in channels.items()}
    assert types == dict.fromkeys(("R", "G", "B", "A", "swap.R", "Z"), "<f4") | {"id": "<u4"}
    for name in "RGBA":
        expected = half_plate.parts[0].channels[name].astype(np.float32)
        np.testing.assert_array_equal(channels[name], expected)


def test_writing_leaves_the_frame_in_memory_as_it_was(half_plate, tmp_path):
    before = dict(half_plate.parts[0].header)
    write_frame(half_plate, tmp_path / "a.exr", compression="piz", attributes={"x": "y"})
    assert half_plate.parts[0].header == before
    assert half_plate.parts[0].compression == "zip"


def test_planes_that_are_views_of_others_are_written_as_they_look(make_part, tmp_path):
    wide = np.arange(96, dtype=np.float32).reshape(8, 12)
    part = make_part({"R": wide[:, ::2], "G": wide[::-1, 6:]})
    write_frame(Frame("", 0, [part]), tmp_path / "a.exr")
    channels = read_frame(tmp_path / "a.exr").parts[0].channels
    np.testing.assert_array_equal(channels["R"], wide[:, ::2])
    np.testing.assert_array_equal(channels["G"], wide[::-1, 6:])


def test_a_type_that_exr_lacks_is_an_error_and_no_file(make_part, tmp_path):
    part = make_part({"R": np.zeros((4, 4), np.float64)})
    with pytest.raises(FrameError, match=r"a\.exr \(frame 3\) was not written"):
        write_frame(Frame("", 3, [part]), tmp_path / "a.exr")
    assert list(tmp_path.iterdir()) == []


def test_a_plane_of_another_size_than_the_data_window_is_an_error(half_plate, tmp_path):
    half_plate.parts[0].channels["R"] = np.zeros((3, 3), np.float16)
    with pytest.raises(FrameError, match="was not written"):
        write_frame(half_plate, tmp_path / "a.exr")


@pytest.mark.parametrize("compression", ["pxr24", "b44", "b44a", "dwaa", "dwab", "lj2k"])
def test_lossy_codecs_are_known_as_such(compression):
    assert not lossless(compression)


def test_samples_of_the_other_byte_order_are_written_as_they_read(make_part, tmp_path):
    plane = np.arange(12, dtype=">f4").reshape(3, 4)
    write_frame(Frame("", 0, [make_part({"R": plane})]), tmp_path / "a.exr")
    np.testing.assert_array_equal(read_frame(tmp_path / "a.exr").parts[0].channels["R"], plane)
