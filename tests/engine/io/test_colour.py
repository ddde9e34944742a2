"""Plates go to linear ACEScg and back without loss, in the space they say they are in."""

import threading

import numpy as np
import PyOpenColorIO
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from likeness.errors import ParameterError
from likeness_engine.io.attributes import make, text
from likeness_engine.io.colour import DEFAULT_CONFIG, Colour, linearise, space_of
from likeness_engine.io.primaries import REC709, name_of

BUILT_IN = [
    "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3",
    "ocio://studio-config-v2.1.0_aces-v1.3_ocio-v2.3",
    "ocio://cg-config-v2.2.0_aces-v1.3_ocio-v2.4",
]
AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)


def _scene():
    """HDR, black, negative and out-of-gamut values, linear."""
    noise = np.random.default_rng(5).normal(0.3, 0.6, (40, 50, 3)).astype(np.float32)
    noise[0, 0], noise[0, 1], noise[0, 2] = (300.0, 250.0, 200.0), (-0.1, 0.02, 0.4), (0, 0, 0)
    return noise


@pytest.mark.parametrize(
    ("space", "tolerance"),
    [
        ("ACEScg", 0),
        ("ACES2065-1", 2e-6),
        ("lin_rec709", 2e-6),
        ("lin_rec2020", 2e-6),
        ("lin_p3d65", 2e-6),
        ("Raw", 0),
    ],
)
def test_linear_spaces_come_back_to_float_precision(space, tolerance):
    colour, plate = Colour(plate_space=space), _scene()
    back = colour.from_linear(colour.to_linear(plate))
    # matrices mix channels, so the error is relative to the pixel's largest value
    assert (np.abs(back - plate) <= tolerance * np.abs(plate).max(axis=2, keepdims=True)).all()


@pytest.mark.parametrize("space", ["srgb_tx", "g22_rec709", "g24_rec709", "ACEScct"])
def test_encoded_spaces_come_back_from_light_to_light(space):
    colour, light = Colour(plate_space=space), np.abs(_scene()) + 0.01
    back = colour.to_linear(colour.from_linear(light))
    assert (np.abs(back - light) <= 2e-5 * light.max(axis=2, keepdims=True)).all()


@settings(max_examples=25, deadline=None)
@given(arrays.arrays(np.float32, (3, 4, 3), elements=st.floats(-0.25, 4.0, width=32)))
def test_any_srgb_plate_comes_back(plate):
    colour = Colour(plate_space="srgb_tx")
    back = colour.from_linear(colour.to_linear(plate))
    # a code value near 0 beside one of 4: the curve's slope of 12.92 multiplies matrix rounding
    np.testing.assert_allclose(back, plate, atol=5e-4)


@pytest.mark.parametrize("config", BUILT_IN)
def test_grey_of_srgb_is_the_light_the_standard_says(config):
    grey = np.full((1, 1, 3), 0.5, np.float32)
    linear = Colour(config, "srgb_rec709_scene").to_linear(grey)
    np.testing.assert_allclose(linear, ((0.5 + 0.055) / 1.055) ** 2.4, rtol=2e-4)


def test_the_given_array_is_never_changed():
    plate = _scene()
    before = plate.tobytes()
    for space in ("ACEScg", "srgb_tx", "linear primaries 0.7 0.3 0.2 0.8 0.1 0.05 0.31 0.33"):
        colour = Colour(plate_space=space)
        assert colour.to_linear(plate) is not plate
        colour.from_linear(plate)
    assert plate.tobytes() == before


def test_windows_of_a_larger_array_may_be_given():
    plate, colour = _scene(), Colour(plate_space="srgb_tx")
    np.testing.assert_array_equal(
        colour.to_linear(plate[5:20, 10:30]), colour.to_linear(plate)[5:20, 10:30]
    )
    assert colour.to_linear(plate[:0]).shape == (0, 50, 3)


def test_an_unknown_space_is_an_error_that_lists_the_known():
    with pytest.raises(ParameterError, match="'LogC99', which .* does not know.*ACEScg"):
        Colour(plate_space="LogC99")


def test_an_unknown_config_is_an_error_that_says_what_to_do():
    with pytest.raises(ParameterError, match="colour config '/no/config.ocio' cannot be read"):
        Colour("/no/config.ocio")


def test_a_space_that_cannot_be_undone_is_refused(tmp_path):
    config = PyOpenColorIO.Config.CreateRaw()
    linear = PyOpenColorIO.ColorSpace(name="ACEScg")
    crushed = PyOpenColorIO.ColorSpace(name="crushed")
    crushed.setTransform(
        PyOpenColorIO.RangeTransform(0.3, 0.6, 0.3, 0.6), PyOpenColorIO.COLORSPACE_DIR_TO_REFERENCE
    )
    config.addColorSpace(linear)
    config.addColorSpace(crushed)
    config.setRole("scene_linear", "ACEScg")
    (tmp_path / "show.ocio").write_text(config.serialize())
    with pytest.raises(ParameterError, match="'crushed' .* cannot be undone"):
        Colour(str(tmp_path / "show.ocio"), "crushed")


def test_a_shows_config_without_acescg_is_reached_by_its_interchange_role(tmp_path):
    config = PyOpenColorIO.Config.CreateRaw()
    config.addColorSpace(PyOpenColorIO.ColorSpace(name="show_ap0"))
    config.setRole("aces_interchange", "show_ap0")
    (tmp_path / "show.ocio").write_text(config.serialize())
    plate = _scene()
    ours = Colour(str(tmp_path / "show.ocio"), "show_ap0").to_linear(plate)
    known = Colour(DEFAULT_CONFIG, "ACES2065-1").to_linear(plate)
    np.testing.assert_allclose(ours, known, atol=1e-4)
    back = Colour(str(tmp_path / "show.ocio"), "show_ap0").from_linear(ours)
    np.testing.assert_allclose(back, plate, atol=1e-4)


@pytest.mark.parametrize(
    ("header", "whole", "space"),
    [
        ({}, False, "ACEScg"),
        ({}, True, "srgb_rec709_scene"),
        ({"colorInteropID": text("lin_rec2020_scene")}, False, "lin_rec2020_scene"),
        ({"colorInteropID": text("unknown")}, False, "ACEScg"),
        ({"acesImageContainerFlag": make("int", 1)}, False, "ACES2065-1"),
        ({"chromaticities": make("chromaticities", *REC709)}, False, "lin_rec709"),
        ({"chromaticities": make("chromaticities", *AP1)}, False, "ACEScg"),
        ({"oiio:ColorSpace": text("lin_rec709")}, True, "lin_rec709"),
        (
            {
                "oiio:ColorSpace": text("x"),
                "chromaticities": make("chromaticities", *REC709),
                "colorInteropID": text("lin_ap1_scene"),
            },
            False,
            "lin_ap1_scene",
        ),
    ],
)
def test_a_file_says_its_own_space(header, whole, space, half_plate):
    half_plate.parts[0].header.update(header)
    half_plate.float_source = not whole
    assert space_of(half_plate) == space
    if "x" not in space:
        Colour.of_frame(half_plate).to_linear(_scene())


def test_an_explicit_space_wins_over_the_files_word(half_plate):
    half_plate.parts[0].header["colorInteropID"] = text("lin_rec709_scene")
    assert Colour.of_frame(half_plate, plate_space="ACEScct").plate_space == "ACEScct"


@pytest.mark.parametrize(
    "word",
    [
        "lin_ap1_scene",
        "lin_ap0_scene",
        "lin_rec709_scene",
        "srgb_rec709_scene",
        "srgb_rec709_display",
    ]
    + ["g22_rec709_scene", "g24_rec709_scene", "sRGB", "Rec709", "Linear", "data", "scene_linear"],
)
@pytest.mark.parametrize("config", BUILT_IN)
def test_common_words_for_spaces_are_understood(word, config):
    Colour(config, word)


def test_primaries_without_a_name_are_taken_by_their_numbers():
    """Rec.709 by its numbers is Rec.709 by its name."""
    assert name_of(REC709) == "lin_rec709"
    numbers = "linear primaries " + " ".join(map(str, REC709))
    plate = _scene()
    by_number, by_name = Colour(plate_space=numbers), Colour(plate_space="lin_rec709")
    np.testing.assert_allclose(by_number.to_linear(plate), by_name.to_linear(plate), atol=3e-4)
    np.testing.assert_allclose(by_number.from_linear(by_number.to_linear(plate)), plate, atol=1e-4)


@pytest.mark.parametrize("numbers", ["0 0 0 0 0 0 0 0", "1 2", "a b c d e f g h"])
def test_primaries_that_are_no_space_are_refused(numbers):
    with pytest.raises(ParameterError, match="describe no colour space"):
        Colour(plate_space="linear primaries " + numbers)


def test_the_view_is_rec709_and_the_srgb_curve():
    light = np.abs(_scene())
    processor = PyOpenColorIO.Config.CreateFromFile(DEFAULT_CONFIG).getProcessor(
        "ACEScg", "lin_rec709"
    )
    linear = light.copy()
    processor.getDefaultCPUProcessor().applyRGB(linear)
    linear = np.clip(linear, 0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    seen = Colour().to_display(light)
    assert seen.dtype == np.float32
    # the table's step is 2^-11 of the light: 2e-4 of the code at worst, a twentieth of 8 bits
    np.testing.assert_allclose(seen, curved, atol=2.5e-4)


def test_the_view_is_clipped_and_holds_no_nan():
    light = np.array([[[np.nan, 1, 1], [np.inf, np.inf, np.inf], [-5, -5, -5]]], np.float32)
    seen = Colour().to_display(light)
    assert np.isfinite(seen).all()
    assert seen.min() >= 0
    assert seen.max() <= 1


def test_exposure_moves_the_view_by_stops_and_can_be_undone():
    # colours inside Rec.709: what lies outside is clipped and gone
    light = np.random.default_rng(1).uniform(0.15, 0.2, (8, 8, 3)).astype(np.float32)
    colour = Colour()
    np.testing.assert_allclose(
        colour.to_display(light, exposure=1.0), colour.to_display(light * 2), atol=1e-6
    )
    back = colour.from_display(colour.to_display(light, exposure=1.0), exposure=1.0)
    np.testing.assert_allclose(back, light, rtol=2e-3)


def test_threads_may_share_a_colour():
    colour, plate = Colour(plate_space="srgb_tx"), _scene()
    expected, found = colour.to_linear(plate).tobytes(), []
    threads = [
        threading.Thread(target=lambda: found.append(colour.to_linear(plate).tobytes()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {expected}
    assert len(found) == 8


def test_a_linearised_frame_is_acescg_and_says_so(half_plate, tmp_path):
    from likeness_engine.io.files import read_frame, write_frame

    part = half_plate.parts[0]
    codes = np.random.default_rng(2).integers(0, 256, (40, 48, 3))
    for index, name in enumerate("RGB"):
        part.channels[name] = (codes[..., index] / 255).astype(np.float32)
    part.header["oiio:ColorSpace"] = text("srgb_rec709_scene")
    half_plate.float_source = False
    alpha, colour = part.channels["A"].tobytes(), Colour.of_frame(half_plate)
    linearise(half_plate, colour)
    write_frame(half_plate, tmp_path / "a.exr")
    again = read_frame(tmp_path / "a.exr")
    assert space_of(again) == "lin_ap1_scene"
    assert again.parts[0].channels["A"].tobytes() == alpha
    np.testing.assert_allclose(colour.from_linear(again.read_rgb()) * 255, codes, atol=1e-3)
    np.testing.assert_array_equal(
        Colour.of_frame(again).to_linear(again.read_rgb()), again.read_rgb()
    )
