"""Movies are read frame by frame, in the depth of their codec."""

from fractions import Fraction

import av
import numpy as np
import pytest

from likeness.errors import FrameError
from likeness_engine.io.attributes import read_timecode
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.movies import _advance, close_movies, count_frames
from likeness_engine.io.sequence import Sequence
from likeness_engine.io.yuv import to_rgb

COUNT = 30


@pytest.fixture
def film(tmp_path):
    """Return a maker of movies of flat frames; luma of frame n is 34 + 6 n, in 8-bit codes."""

    def shoot(codec, pixel_format, suffix, **options):
        path = tmp_path / f"{codec}_{pixel_format}.{suffix}"
        with av.open(str(path), "w") as out:
            out.metadata["timecode"] = "01:00:00:10"
            stream = out.add_stream(codec, rate=24, options=options)
            stream.width, stream.height, stream.pix_fmt = 64, 48, pixel_format
            for index in range(COUNT):
                picture = _flat(pixel_format, 40 + 6 * index)
                picture.pts, picture.time_base = index, Fraction(1, 24)
                out.mux(stream.encode(picture))
            out.mux(stream.encode())
        return path

    yield shoot
    close_movies()


def _flat(pixel_format, luma):
    picture = av.VideoFrame(64, 48, pixel_format)
    bits = picture.format.components[0].bits
    kind = "u1" if bits == 8 else (">u2" if pixel_format.endswith("be") else "<u2")
    for index, plane in enumerate(picture.planes):
        code = luma if index == 0 or picture.format.is_rgb else 128 if index < 3 else 255
        np.frombuffer(plane, np.dtype(kind))[:] = code << (bits - 8)
    return picture


LIMITED = ("limited", lambda luma: (luma - 16) / 219)
FULL = ("full", lambda luma: luma / 255)
MOVIES = [
    ("prores_ks", "yuv422p10le", "mov", {}, LIMITED),
    ("prores_ks", "yuva444p10le", "mov", {"profile": "4444"}, LIMITED),
    ("v210", "yuv422p10le", "mov", {}, LIMITED),
    ("libx264", "yuv420p", "mp4", {"g": "12", "crf": "1"}, LIMITED),
    ("mjpeg", "yuvj422p", "avi", {}, FULL),
    ("png", "rgb48be", "mov", {}, FULL),
    ("ffv1", "gbrp16le", "mkv", {}, FULL),
]


@pytest.mark.parametrize(("codec", "kind", "suffix", "options", "levels"), MOVIES)
def test_frames_are_read_in_any_order(codec, kind, suffix, options, levels, film):
    path = film(codec, kind, suffix, **options)
    assert Sequence.parse(path).frames() == list(range(1, COUNT + 1))
    for number in (1, 2, 3, 20, 5, 30, 29, 1):
        frame = read_frame(path, number)
        expected = levels[1](34 + 6 * number)
        # codecs here are lossless or near it; a 16-bit code is 256/257 of an 8-bit one
        np.testing.assert_allclose(frame.read_rgb(), expected, atol=0.004)
        assert frame.number == number


def test_reading_a_frame_gives_the_same_bits_from_any_place(film):
    path = film("libx264", "yuv420p", "mp4", g="12")
    in_order = [read_frame(path, n).read_rgb().tobytes() for n in range(1, COUNT + 1)]
    backwards = [read_frame(path, n).read_rgb().tobytes() for n in range(COUNT, 0, -1)]
    assert in_order == backwards[::-1]


def test_a_movie_keeps_alpha_rate_and_running_timecode(film, tmp_path):
    path = film("prores_ks", "yuva444p10le", "mov", profile="4444")
    frame = read_frame(path, 29)
    header = frame.parts[0].header
    assert "A" in frame.parts[0].channels
    assert header["framesPerSecond"].value == (24, 1)
    assert read_timecode(header["timeCode"]) == "01:00:01:14"
    write_frame(frame, tmp_path / "a.exr")
    assert "timeCode" in read_frame(tmp_path / "a.exr").parts[0].header


def test_a_frame_beyond_the_end_is_an_error_that_says_the_range(film):
    path = film("prores_ks", "yuv422p10le", "mov")
    with pytest.raises(FrameError, match="has frames 1-30; there is no frame 31"):
        read_frame(path, 31)
    with pytest.raises(FrameError, match="there is no frame 0"):
        read_frame(path, 0)
    assert Sequence.parse(path).missing(29, 32) == [31, 32]


def test_a_movie_that_is_replaced_is_read_anew(film, tmp_path):
    path = film("libx264", "yuv420p", "mp4")
    first = read_frame(path, 1).read_rgb()
    other = film("prores_ks", "yuv422p10le", "mov")
    path.write_bytes(other.read_bytes())
    assert count_frames(path) == COUNT
    assert read_frame(path, 1).read_rgb().shape == first.shape


def test_a_movie_cut_off_is_an_error(film):
    path = film("libx264", "yuv420p", "mp4")
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(FrameError, match="is damaged"):
        read_frame(path, 1)


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("matrix", [1, 5, 9])
def test_the_conversion_is_the_standards_to_float_precision(bits, matrix):
    """Against the equations of BT.709, BT.601 and BT.2020 in double; beyond white is kept."""
    red, blue = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}[matrix]
    unit = 1 << (bits - 8)
    noise = np.random.default_rng(bits)
    codes = [noise.integers(unit, 254 * unit, (48, 64)) for _ in range(3)]
    picture = av.VideoFrame(64, 48, "yuv444p" if bits == 8 else f"yuv444p{bits}le")
    for plane, code in zip(picture.planes, codes, strict=True):
        np.frombuffer(plane, "u1" if bits == 8 else "<u2").reshape(48, -1)[:, :64] = code
    picture.colorspace, picture.color_range = matrix, 1
    luma = (codes[0] / unit - 16) / 219
    cb, cr = ((code / unit - 128) / 224 for code in codes[1:])
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    expected = np.stack([r, (luma - red * r - blue * b) / (1 - red - blue), b], axis=-1)
    assert expected.max() > 1.2
    np.testing.assert_allclose(to_rgb(picture), expected, atol=3e-6)


@pytest.mark.parametrize("kind", ["yuv420p", "yuv422p", "yuv411p", "nv12", "p010le", "uyvy422"])
def test_halved_chroma_of_a_flat_picture_is_flat(kind):
    picture = av.VideoFrame(64, 48, "yuv444p")
    for plane, code in zip(picture.planes, (120, 100, 150), strict=True):
        np.frombuffer(plane, np.uint8)[:] = code
    whole = to_rgb(picture)
    halved = to_rgb(picture.reformat(format=kind))
    assert halved.shape == (48, 64, 3)
    np.testing.assert_allclose(halved, whole, atol=0.005)  # under a code of the 10-bit format


@pytest.mark.parametrize(
    ("start", "frames", "rate", "end"),
    [
        ("00:00:59:23", 1, 24, "00:01:00:00"),
        ("23:59:59:24", 1, 25, "00:00:00:00"),
        ("00:00:59;29", 1, 30, "00:01:00;02"),
        ("00:09:59;29", 1, 30, "00:10:00;00"),
        ("01:00:00;00", 107892, 30, "02:00:00;00"),  # an hour of 29.97 (SMPTE 12M)
        ("00:00:59;59", 1, 60, "00:01:00;04"),
    ],
)
def test_timecode_counts_on_as_smpte_12m_says(start, frames, rate, end):
    assert read_timecode(_advance(start, frames, rate)) == end
