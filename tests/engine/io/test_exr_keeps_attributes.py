"""Every attribute of every type keeps its name, its type and its bytes."""

import struct

import numpy as np
import OpenEXR
import pytest

from likeness.errors import ParameterError
from likeness_engine.io.attributes import Attribute, make, make_timecode, read_timecode, text
from likeness_engine.io.files import read_frame, write_frame
from likeness_engine.io.header import read_attributes

ATTRIBUTES = {
    "window": make("box2i", 1, 2, 3, 4),
    "range": make("box2f", 1.5, 2, 3, 4),
    "blob": Attribute("bytes", b"\3\0\0\0abc\1\2\3"),
    "chromaticities": make("chromaticities", 0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.3217, 0.34),
    "double": make("double", 1 / 3),
    "envmap": make("envmap", 1),
    "float": make("float", 0.1),
    "float_nan": Attribute("float", b"\1\0\xc0\x7f"),
    "int": make("int", -7),
    "keyCode": make("keycode", 1, 2, 3, 4, 5, 4, 64),
    "keyCode_out_of_range": make("keycode", 1, 2, 3, 4, 5, 6, 7),
    "m33f": make("m33f", *range(9)),
    "m33d": make("m33d", *range(9)),
    "worldToCamera": make("m44f", *range(16)),
    "m44d": make("m44d", *range(16)),
    "preview": Attribute("preview", struct.pack("<II", 2, 1) + bytes(range(8))),
    "framesPerSecond": make("rational", 24000, 1001),
    "rational_not_in_lowest_terms": make("rational", 48, 2),
    "rational_over_zero": make("rational", 1, 0),
    "string": text('Grüße 人 "q" \\ \n'),
    "string_latin_1": Attribute("string", b"caf\xe9"),
    "string_empty": text(""),
    "name_" + "x" * 200: text("long"),
    "strings": Attribute("stringvector", b"\4\0\0\0left\5\0\0\0right"),
    "strings_empty": Attribute("stringvector", b""),
    "floats": Attribute("floatvector", struct.pack("<3f", 1, 2, 3)),
    "floats_empty": Attribute("floatvector", b""),
    "timeCode": make("timecode", 0x81020340, 0xDEADBEEF),
    "v2i": make("v2i", 1, 2),
    "v2f": make("v2f", 1, 2),
    "v2d": make("v2d", 1, 2),
    "v3i": make("v3i", 1, 2, 3),
    "v3f": make("v3f", 1, 2, 3),
    "v3d": make("v3d", 1, 2, 3),
    "lens": Attribute("studio_lens_v2", b"\0\1\2\3payload"),
    "type_" + "y" * 20: Attribute("a_type_with_a_name_longer_than_31_bytes", b"x"),
    "deepImageState": Attribute("deepImageState", b"\1"),
    "adoptedNeutral": make("v2f", 0.3127, 0.329),
    "dwaCompressionLevel": make("float", 60.0),
    "oiio:ColorSpace": text("lin_ap1"),
    "nuke/input/x": text("v"),
    "wrongly_typed_isoSpeed": text("800"),
    "screenWindowCenter": make("v2f", 0.25, -0.5),
    "screenWindowWidth": make("float", 2.0),
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_survives_reading_and_writing(name, half_plate, tmp_path):
    half_plate.parts[0].header[name] = ATTRIBUTES[name]
    write_frame(half_plate, tmp_path / "a.exr")
    write_frame(read_frame(tmp_path / "a.exr"), tmp_path / "b.exr")
    again = read_frame(tmp_path / "b.exr").parts[0]
    assert again.header[name] == ATTRIBUTES[name]
    assert again.channels["R"].tobytes() == half_plate.parts[0].channels["R"].tobytes()


def test_all_attributes_together_survive_in_their_order(half_plate, tmp_path):
    half_plate.parts[0].header.update(ATTRIBUTES)
    write_frame(half_plate, tmp_path / "a.exr")
    first = read_frame(tmp_path / "a.exr")
    write_frame(first, tmp_path / "b.exr")
    header = read_frame(tmp_path / "b.exr").parts[0].header
    assert {name: header[name] for name in ATTRIBUTES} == ATTRIBUTES
    assert list(header) == list(first.parts[0].header)
    assert (tmp_path / "a.exr").read_bytes() == (tmp_path / "b.exr").read_bytes()


def test_the_librarys_own_reader_agrees_with_what_was_written(half_plate, tmp_path):
    half_plate.parts[0].header.update(
        {name: ATTRIBUTES[name] for name in ("keyCode", "m33f", "framesPerSecond", "strings")}
    )
    write_frame(half_plate, tmp_path / "a.exr", attributes={"likeness:id": "ana_ruiz"})
    header = OpenEXR.File(str(tmp_path / "a.exr"), header_only=True).header()
    assert header["keyCode"].perfsPerCount == 64
    assert np.array_equal(header["m33f"], np.arange(9).reshape(3, 3))
    assert header["strings"] == ["left", "right"]
    assert header["likeness:id"] == "ana_ruiz"
    assert header["pixelAspectRatio"] == 1.5
    assert tuple(map(tuple, header["displayWindow"])) == ((0, 0), (39, 29))


def test_attributes_of_each_part_stay_with_their_part(bits, make_part, tmp_path):
    from likeness_engine.io.frame import Frame

    parts = [make_part({"R": bits("f2")}, {"note": text(n)}, name=n) for n in ("a", "b")]
    write_frame(Frame("", 0, parts), tmp_path / "a.exr", attributes={"likeness:id": "x"})
    first, second = read_frame(tmp_path / "a.exr").parts
    assert (first.header["note"].value, second.header["note"].value) == ("a", "b")
    assert "likeness:id" in first.header
    assert "likeness:id" not in second.header


def test_attributes_are_written_in_the_same_pass_as_the_pixels(half_plate, tmp_path):
    envelope = "e" * 100_000
    write_frame(half_plate, tmp_path / "a.exr", attributes={"likeness:dsse": envelope})
    assert read_attributes(tmp_path / "a.exr")["likeness:dsse"] == envelope


@pytest.mark.parametrize("name", ["", "x" * 256, "a\0b"])
def test_a_name_that_no_header_can_hold_is_refused(name, half_plate, tmp_path):
    with pytest.raises(ParameterError, match="cannot name an EXR attribute"):
        write_frame(half_plate, tmp_path / "a.exr", attributes={name: "x"})


@pytest.mark.parametrize("code", ["00:00:00:00", "01:02:03:04", "23:59:59:29"])
def test_a_timecode_reads_as_it_was_made(code):
    assert read_timecode(make_timecode(code)) == code


def test_a_drop_frame_timecode_is_written_with_a_semicolon():
    assert read_timecode(make_timecode("01:02:03:04", drop_frame=True)) == "01:02:03;04"
