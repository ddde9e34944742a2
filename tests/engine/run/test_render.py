"""Whole requests: what is painted, what is not, and that it never depends on how it was run."""

import json
from dataclasses import replace

import cv2
import numpy as np
import OpenEXR
import pytest

from likeness.errors import ConsentError
from likeness_engine.consent.registry import revoke_consent
from likeness_engine.io.files import read_frame
from likeness_engine.provenance.verify import verify
from likeness_engine.run import run_request

NUMBERS = [1001, 1002, 1003, 1004, 1005]


def samples(shot, out, number=1003):
    return read_frame(shot / out / f"r.{number}.exr").parts[0].channels


def test_a_face_is_painted_and_every_sample_outside_the_matte_keeps_its_bits(shot, request_of):
    outcome = run_request(request_of(layers=("swap", "face_matte")))
    assert outcome.done == NUMBERS
    for number in NUMBERS:
        plate = read_frame(shot / f"sh.{number}.exr").parts[0].channels
        result = samples(shot, "out", number)
        outside = result["face_matte.A"] == 0
        assert 0.02 < 1 - outside.mean() < 0.5
        for name in "RGB":
            assert (plate[name][outside].view("u2") == result[name][outside].view("u2")).all()
        changed = np.abs(plate["G"].astype("f4") - result["G"].astype("f4"))[~outside]
        assert changed.mean() > 0.005


def test_the_swap_layer_over_the_plate_is_the_result(shot, request_of):
    run_request(request_of(layers=("swap",)), frames=[1003])
    plate = read_frame(shot / "sh.1003.exr").parts[0].channels
    result = {name: plane.astype("f4") for name, plane in samples(shot, "out").items()}
    for name in "RGB":
        over = plate[name].astype("f4") * (1 - result["swap.A"]) + result[f"swap.{name}"]
        assert np.abs(over - result[name]).max() < 2e-3  # three roundings to half


def test_one_go_single_runs_and_reverse_order_give_the_same_bits(shot, request_of):
    run_request(request_of("all"))
    track = json.loads((shot / "all" / "r.track.json").read_text())
    for number in NUMBERS:
        run_request(request_of("single"), frames=[number])
    run_request(request_of("back"), frames=NUMBERS[::-1])
    assert json.loads((shot / "single" / "r.track.json").read_text()) == track
    for number in NUMBERS:
        first = samples(shot, "all", number)
        for other in ("single", "back"):
            again = samples(shot, other, number)
            assert all(first[n].tobytes() == again[n].tobytes() for n in "RGB"), (other, number)


def test_a_consent_revoked_in_the_middle_stops_the_run_with_code_3(shot, request_of):
    def revoke(event):
        if event.kind == "frame_done" and event.frame == 1002:
            revoke_consent("c_ada")

    outcome = run_request(request_of(), on_event=revoke)
    assert outcome.exit_code == 3
    assert 1005 not in outcome.done
    kept = sorted(p.name for p in (shot / "out").glob("*.exr"))
    assert kept == [f"r.{n}.exr" for n in outcome.done]
    with pytest.raises(ConsentError, match="revoked"):
        run_request(request_of("later"))
    assert not (shot / "later").exists()


def test_resume_does_what_is_missing_changed_or_drawn_from_an_older_face(shot, request_of):
    request = request_of()
    run_request(request)
    assert run_request(request, resume=True).skipped == NUMBERS
    (shot / "out" / "r.1002.exr").unlink()
    (shot / "out" / "r.1004.exr").write_bytes(b"torn")
    outcome = run_request(request, resume=True)
    assert (outcome.done, outcome.skipped) == ([1002, 1004], [1001, 1003, 1005])
    other = replace(
        request, steps=(*request.steps[:2], replace(request.steps[2], parameters={"mix": 0.5}))
    )
    assert run_request(other, resume=True).done == NUMBERS


def test_a_damaged_first_frame_fails_alone(shot, request_of):
    (shot / "sh.1001.exr").write_bytes((shot / "sh.1001.exr").read_bytes()[:3000])
    outcome = run_request(request_of())
    assert list(outcome.failed) == [1001]
    assert "sh.1001.exr" in outcome.failed[1001]
    assert outcome.done == NUMBERS[1:]


def test_a_premultiplied_plate_is_painted_under_its_alpha(shot, request_of, rendered, write_exr):
    rgb = rendered[0][2]
    alpha = np.ones(rgb.shape[:2], np.float32)
    alpha[:, : alpha.shape[1] // 2] = 0.5
    alpha[: alpha.shape[0] // 3] = 0.0
    planes = {"A": alpha, **{n: rgb[..., k] * alpha for k, n in enumerate("RGB")}}
    write_exr(shot / "pm.1003.exr", planes)
    run_request(request_of("solid"), frames=[1003])
    track = str(shot / "solid" / "r.track.json")
    request = replace(request_of("pm", plate="pm.####.exr", layers=("face_matte",)), track=track)
    run_request(request, frames=[1003])
    solid, result = samples(shot, "solid"), samples(shot, "pm")
    assert (result["A"] == alpha).all()
    assert (result["face_matte.A"][alpha == 0] == 0).all()
    half = (alpha == 0.5) & (result["face_matte.A"] > 0.49)
    assert half.any()
    wanted = solid["G"].astype("f4")[half] * 0.5
    # The solid plate is half float and so has other grain by one rounding; the join is the same.
    assert np.median(np.abs(result["G"][half] - wanted) / wanted) < 0.05


def test_a_holdout_keeps_the_plate_to_the_bit(shot, request_of, rendered, write_exr):
    for k, number in enumerate(NUMBERS):
        rgb = rendered[0][k].astype("f2")
        roto = np.zeros(rgb.shape[:2], "f2")
        roto[:, : roto.shape[1] // 2] = 1
        write_exr(shot / f"ho.{number}.exr", {"RGB": rgb, "roto.A": roto})
    run_request(request_of("ho", plate="ho.####.exr", blend={"holdout": "roto"}))
    plate, result = read_frame(shot / "ho.1003.exr").parts[0].channels, samples(shot, "ho")
    left = slice(None), slice(0, 128)
    assert all((plate[n][left].view("u2") == result[n][left].view("u2")).all() for n in "RGB")
    assert (plate["R"] != result["R"]).any()


def test_highlights_and_negatives_survive_in_the_face(shot, request_of, rendered, write_exr):
    for k, number in enumerate(NUMBERS):
        rgb = rendered[0][k] * 12 - 0.05
        write_exr(shot / f"hot.{number}.exr", {"RGB": rgb.astype("f2")})
    run_request(request_of("hot", plate="hot.####.exr", layers=("face_matte",)))
    result = samples(shot, "hot")
    inside = result["face_matte.A"] > 0.9
    assert result["R"][inside].astype("f4").max() > 2
    assert np.isfinite(result["R"].astype("f4")).all()


def test_a_png_plate_comes_out_linear_and_signed(shot, request_of, rendered):
    from likeness_engine.io.colour import Colour

    for k, number in enumerate(NUMBERS):
        shown = Colour().to_display(rendered[0][k])
        cv2.imwrite(str(shot / f"v.{number}.png"), (shown[..., ::-1] * 65535 + 0.5).astype("u2"))
    run_request(request_of("png", plate="v.####.png"), frames=[1003])
    result = samples(shot, "png")
    wanted = np.clip(rendered[0][2], 0, 1)[:40, :40]  # a corner of the wall
    assert np.abs(result["G"][:40, :40].astype("f4") - wanted[..., 1]).mean() < 3e-3
    header = OpenEXR.File(str(shot / "png" / "r.1003.exr"), header_only=True).header()
    assert header["colorInteropID"] == "lin_ap1_scene"
    assert verify(shot / "png" / "r.1003.exr").state == "valid"


def test_a_frame_without_a_face_leaves_as_the_plate_and_says_so(shot, request_of, write_exr):
    write_exr(shot / "sh.1003.exr", {"RGB": np.full((256, 256, 3), 0.2, "f2")})
    outcome = run_request(request_of())
    assert outcome.done == NUMBERS
    assert any("1003" in line and "not seen" in line for line in outcome.warnings)
    plate = read_frame(shot / "sh.1003.exr").parts[0].channels
    assert all((plate[n] == samples(shot, "out")[n]).all() for n in "RGB")
    record = verify(shot / "out" / "r.1003.exr").statement["predicate"]
    assert record["identities"][0]["drawn"] is False


def test_keyframed_mix_is_the_value_of_each_frame_in_pixels_and_record(shot, request_of):
    mix = {"keys": {"1001": 0.0, "1005": 1.0}}
    run_request(request_of("keys", blend={"mix": mix, "grain_match": 0.0}))
    run_request(request_of("full", blend={"grain_match": 0.0}))
    plate = read_frame(shot / "sh.1003.exr").parts[0].channels["R"].astype("f4")
    full, keyed = (samples(shot, out)["R"].astype("f4") for out in ("full", "keys"))
    assert np.abs(keyed - (plate + full) / 2).max() < 2e-3
    record = verify(shot / "keys" / "r.1003.exr").statement["predicate"]
    assert record["steps"][2]["parameters"]["mix"] == 0.5
