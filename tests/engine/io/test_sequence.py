"""Frames of a shot are found by pattern, and holes are told all at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.errors import FrameError, ParameterError
from likeness_engine.io.sequence import Sequence, format_frames, parse_frames


@pytest.mark.parametrize(
    ("pattern", "frame", "name"),
    [
        ("sh010.####.exr", 12, "sh010.0012.exr"),
        ("sh010.####.exr", 123456, "sh010.123456.exr"),
        ("sh010.####.exr", -3, "sh010.-0003.exr"),
        ("sh010.#.exr", 12, "sh010.12.exr"),
        ("sh010_######_v2.exr", 1001, "sh010_001001_v2.exr"),
        ("sh010.%04d.exr", 12, "sh010.0012.exr"),
        ("sh010.%d.exr", 12, "sh010.12.exr"),
        ("sh010.$F4.exr", 12, "sh010.0012.exr"),
        ("sh010.$F.exr", 12, "sh010.12.exr"),
        ("still.exr", 12, "still.exr"),
    ],
)
def test_a_pattern_names_the_file_of_a_frame(pattern, frame, name, tmp_path):
    assert Sequence.parse(tmp_path / pattern).path(frame) == tmp_path / name


def test_the_frames_on_disk_are_those_the_pattern_would_write(tmp_path):
    for name in (
        "a.0001.exr",
        "a.0010.exr",
        "a.12345.exr",
        "a.-0002.exr",
        "a.010.exr",  # too short
        "a.00011.exr",  # padded to five
        "a.0003.exr.tmp",
        "b.0004.exr",
        "a.0005.jpg",
        ".a.0006.exr.host-1-0.likeness-tmp",
    ):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "a.0007.exr").mkdir()
    assert Sequence.parse(tmp_path / "a.####.exr").frames() == [-2, 1, 10, 12345]
    assert Sequence.parse(tmp_path / "a.#.exr").frames() == [12345]


def test_letters_of_the_name_are_taken_literally(tmp_path):
    (tmp_path / "a+b(1).0001.exr").write_bytes(b"x")
    assert Sequence.parse(tmp_path / "a+b(1).%04d.exr").frames() == [1]


def test_holes_and_empty_files_are_told_all_at_once(tmp_path):
    for frame in (1001, 1002, 1005, 1009):
        (tmp_path / f"a.{frame}.exr").write_bytes(b"x")
    (tmp_path / "a.1003.exr").touch()
    sequence = Sequence.parse(tmp_path / "a.####.exr")
    assert sequence.missing(1001, 1010) == [1003, 1004, 1006, 1007, 1008, 1010]
    with pytest.raises(
        FrameError, match=r"a\.####\.exr: 6 of 10 frames are missing or empty: 1003-1004,1006-1008"
    ):
        sequence.check(range(1001, 1011))
    sequence.check([1001, 1009])


def test_a_folder_that_is_not_there_has_no_frames(tmp_path):
    sequence = Sequence.parse(tmp_path / "none" / "a.####.exr")
    assert sequence.frames() == []
    assert sequence.missing(1, 2) == [1, 2]


def test_a_single_picture_is_one_frame(tmp_path):
    (tmp_path / "still.png").write_bytes(b"x")
    assert Sequence.parse(tmp_path / "still.png").frames() == [1]
    assert Sequence.parse(tmp_path / "other.png").frames() == []


@pytest.mark.parametrize("pattern", ["a.####.%04d.exr", "v##/a.####.exr", "$F4/a.exr"])
def test_a_frame_number_in_two_places_or_in_a_folder_is_refused(pattern):
    with pytest.raises(ParameterError):
        Sequence.parse(pattern)


@pytest.mark.parametrize("words", ["a.####.exr", "a.%04d.exr", "a.$F4.exr"])
def test_a_pattern_is_shown_with_hashes(words, tmp_path):
    assert Sequence.parse(tmp_path / words).pattern == str(tmp_path / "a.####.exr")


@pytest.mark.parametrize(
    ("words", "frames"),
    [
        ("1001", [1001]),
        ("1001-1003", [1001, 1002, 1003]),
        ("1-10x3", [1, 4, 7, 10]),
        ("5,1-3, 2", [1, 2, 3, 5]),
        ("-3--1", [-3, -2, -1]),
        ("-1-1", [-1, 0, 1]),
    ],
)
def test_frame_ranges_are_read(words, frames):
    assert parse_frames(words) == frames


@pytest.mark.parametrize(
    "words", ["", "a", "1-", "3-1", "1-10x0", "1,,2", "1-9999999", "1.5", "1-2-3"]
)
def test_words_that_are_no_frames_are_refused(words):
    with pytest.raises(ParameterError, match="frames are"):
        parse_frames(words)


@given(st.sets(st.integers(-2000, 200_000), min_size=1, max_size=60))
def test_formatted_frames_read_back(frames):
    assert parse_frames(format_frames(list(frames))) == sorted(frames)
