"""What a frame's record says."""

from __future__ import annotations

import json

import pytest

from likeness.documents.statement import (
    COMPOSITE,
    COMPOSITE_WITH_NET,
    PIXEL_DIGEST,
    FrameRecord,
    ModelRecord,
)
from likeness_engine.provenance.pixels import hash_frame
from likeness_engine.provenance.statement import software, source_type
from likeness_engine.provenance.verify import verify


def _models(*roles):
    return [ModelRecord(role, "0" * 64, "Apache-2.0", role) for role in roles]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ((), COMPOSITE),
        (("detector", "mesh", "iris"), COMPOSITE),
        (("detector", "swapper"), COMPOSITE_WITH_NET),
        (("a role nobody has heard of",), COMPOSITE_WITH_NET),
    ],
)
def test_only_a_net_that_paints_makes_a_frame_trained_media(roles, expected):
    assert source_type(_models(*roles)) == expected


def test_the_statement_is_an_in_toto_statement(sign, make_frame):
    done = sign(make_frame(), "sh010.1001.exr")
    statement = verify(done.path).statement
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert set(statement) == {"_type", "subject", "predicateType", "predicate"}
    digest = {PIXEL_DIGEST: hash_frame(make_frame()).sha256}
    assert statement["subject"] == [{"name": "sh010.1001.exr", "digest": digest}]


def test_the_predicate_reads_back_as_the_record_that_was_signed(sign, make_frame):
    done = sign(make_frame())
    predicate = verify(done.path).statement["predicate"]
    assert FrameRecord.from_json(predicate) == done.record
    assert (done.record.show, done.record.shot, done.record.frame) == ("PRJ", "sh010", 1001)


def test_every_parameter_is_told_the_defaults_too(sign, make_frame):
    from likeness.nodes import Detect

    (step,) = sign(make_frame()).record.steps
    assert step.node == "detect"
    assert set(step.parameters) == set(Detect.parameters())
    assert step.parameters["smallest_face_px"] == Detect().smallest_face_px


def test_the_software_that_decides_pixels_is_told_with_versions():
    found = software()
    assert {"likeness", "python", "numpy", "OpenEXR", "opencolorio", "numba"} <= set(found)
    assert "unknown" not in found.values()
    assert any(name.startswith("onnxruntime") for name in found)
    json.dumps(found)
