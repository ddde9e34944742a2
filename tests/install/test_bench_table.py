"""The bench's table: aligned, with the target and an honest word on whether it is met."""

from __future__ import annotations

import json
import math

import pytest

from rows.row import Row, table


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("a", 1.25, most=1.25), True),
        (Row("a", 1.26, most=1.25), False),
        (Row("a", 0.8, least=0.8), True),
        (Row("a", 0.79, least=0.8), False),
        (Row("a", math.nan, most=1.0), False),
        (Row("a", math.nan, least=1.0), False),
        (Row("a", 1.0), None),
        (Row("a", None, most=1.0), None),
    ],
    ids=repr,
)
def test_a_target_is_met_at_its_limit_and_missed_beyond(row: Row, met: bool | None) -> None:
    assert row.met is met


def test_the_table_is_aligned_and_says_met_or_missed() -> None:
    rows = [
        Row("4K frame / its I/O", 1.187, most=1.25, unit="x", note="1.42 s / 1.20 s"),
        Row("peak memory", 1.62, most=1.5, unit=" GB"),
        Row("crowds", note="not measured: no weights"),
    ]
    assert table(rows).splitlines() == [
        "measured              value  target                   of",
        "-" * 78,
        "4K frame / its I/O    1.19x  at most 1.25x    met     1.42 s / 1.20 s",
        "peak memory         1.62 GB  at most 1.50 GB  MISSED",
        "crowds                    -                           not measured: no weights",
    ]


def test_a_row_is_kept_as_json_with_its_verdict() -> None:
    kept = json.loads(json.dumps(Row("a", 2.0, most=1.0, unit="x").to_json()))
    assert kept["met"] is False
    assert kept["value"] == 2.0
