"""The pixel hash: its definition, to the bit, and what it does not depend on."""

from __future__ import annotations

import hashlib
import tracemalloc

import numpy as np
import pytest

from likeness.errors import FrameError
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.frame import Frame, Part, Window
from likeness_engine.provenance.pixels import hash_frame, hash_planes

BOX = Window(-1, 2, 1, 4)
PLANES = {
    "R": np.array([[1.0, -0.0], [0.5, 65504.0]], np.float16),
    "G": np.array([[1, 2], [3, 4]], np.float32),
    "depth.Z": np.array([[1, 2], [3, 0xFFFFFFFF]], np.uint32),
}


def test_the_digest_is_that_of_the_definition_written_out_by_hand():
    head = b'{"ch":[["G","float"],["R","half"],["depth.Z","uint"]],"dw":[-1,2,0,3]}'
    pixels = bytes.fromhex(
        "0000803f 00000040 00004040 00008040"  # G: 1 2 / 3 4
        "003c 0080 0038 ff7b"  # R: 1 -0 / 0.5 65504
        "01000000 02000000 03000000 ffffffff"
    )
    part = hashlib.sha256(b"pxh1\0" + head + b"\0" + pixels).hexdigest()
    assert hash_planes(PLANES, BOX) == part
    frame = Frame("", 0, [Part("rgba", PLANES, {}, BOX, BOX)])
    whole = hashlib.sha256(b"pxh1-list\0" + f'[["","{part}"]]'.encode()).hexdigest()
    assert hash_frame(frame).sha256 == whole
    # What this version signs, every later version must find again.
    assert part == "f3547209b87341eca950a157f178bd270a91f830b44f05ff2a98f0a26f626cf5"


def test_the_order_of_channels_in_memory_does_not_count():
    turned = dict(reversed(list(PLANES.items())))
    assert hash_planes(turned, BOX) == hash_planes(PLANES, BOX)


@pytest.mark.parametrize("bits", [0x7E00, 0x7E01, 0xFE00, 0x7C01])
def test_every_nan_is_a_value_of_its_own(bits):
    def digest(word):
        plane = np.array([[word]], np.uint16).view(np.float16)
        return hash_planes({"R": plane}, Window(0, 0, 1, 1))

    assert digest(bits) != digest(bits ^ 2)
    assert digest(0x8000) != digest(0x0000)


def test_layout_in_memory_does_not_count():
    noise = np.random.default_rng(1).standard_normal((301, 207, 4)).astype(np.float16)
    box = Window(0, 0, 207, 301)
    planar = {n: np.ascontiguousarray(noise[..., i]) for i, n in enumerate("RGBA")}
    expected = hash_planes(planar, box)
    interleaved = {n: noise[..., i] for i, n in enumerate("RGBA")}
    swapped = {n: p.astype(p.dtype.newbyteorder(">")) for n, p in planar.items()}
    upside = {n: p[::-1].copy()[::-1] for n, p in planar.items()}
    columns = {n: np.asfortranarray(p) for n, p in planar.items()}
    for other in (interleaved, swapped, upside, columns):
        assert hash_planes(other, box) == expected


def test_blocks_of_a_large_plane_add_up_to_the_whole():
    wide = np.random.default_rng(2).random((2, 700_000), np.float32)  # a row is over a block
    box = Window(0, 0, 700_000, 2)
    assert hash_planes({"R": np.asfortranarray(wide)}, box) == hash_planes({"R": wide}, box)


def test_a_plane_that_lies_in_one_piece_is_not_copied():
    planes = {n: np.zeros((1000, 1000), np.float16) for n in "RGBA"}
    tracemalloc.start()
    try:
        hash_planes(planes, Window(0, 0, 1000, 1000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000  # a plane is 2,000,000 bytes


def test_a_type_that_exr_does_not_have_is_refused():
    with pytest.raises(FrameError, match="'R' is of type float64"):
        hash_planes({"R": np.zeros((2, 2))}, BOX)


def test_how_a_channel_is_sampled_counts():
    plane = {"RY": np.zeros((2, 2), np.float16)}
    assert hash_planes(plane, BOX) != hash_planes(plane, BOX, sampling={"RY": (2, 2)})


@pytest.mark.parametrize(
    "compression", ["none", "rle", "zips", "zip", "piz", "htj2k256", "htj2k32", "zstd"]
)
def test_a_lossless_file_gives_the_digest_of_what_was_written(tmp_path, make_frame, compression):
    frame = make_frame()
    frame.parts[0].channels["R"].view(np.uint16)[0, :3] = (0x7E01, 0x8000, 0xFC00)
    if compression.startswith("htj2k"):
        del frame.parts[0].channels["mask.id"]  # HTJ2K takes no full 32-bit ids
    write_frame(frame, tmp_path / "a.exr", compression=compression)
    assert hash_frame(read_frame(tmp_path / "a.exr")) == hash_frame(frame)


def test_display_window_attributes_and_tiles_are_no_pixels(tmp_path, make_frame):
    frame = make_frame(storage="tiledimage", display_window=Window(0, 0, 9, 9))
    frame.set_text("note", "graded")
    write_frame(frame, tmp_path / "a.exr")
    assert hash_frame(read_frame(tmp_path / "a.exr")) == hash_frame(make_frame())


def test_parts_are_told_apart_by_name_and_order():
    one = Part("left", {"R": np.zeros((2, 2), np.float16)}, {}, BOX, BOX)
    two = Part("right", {"R": np.ones((2, 2), np.float16)}, {}, BOX, BOX)
    digests = {
        hash_frame(Frame("", 0, parts)).sha256
        for parts in (
            [one, two],
            [two, one],
            [Part("right", one.channels, {}, BOX, BOX), Part("left", two.channels, {}, BOX, BOX)],
        )
    }
    assert len(digests) == 3
    assert [name for name, _ in hash_frame(Frame("", 0, [one, two])).parts] == ["left", "right"]
