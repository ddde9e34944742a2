"""A table of shots, CSV or JSON, as requests: every problem of the table said at once."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likeness.documents.base import read_json
from likeness.documents.request import Request
from likeness.errors import ParameterError
from likeness.project.shot import COLUMNS, swap_request

_SEPARATORS = ",;\t"  # a spreadsheet writes what its country writes


@dataclass(frozen=True)
class Row:
    """One shot of a table: where it stands, for messages, and its request."""

    where: str
    request: Request


def read_table(path: str | os.PathLike[str]) -> list[Row]:
    """Return the shots of a .csv file or of a .json list of objects.

    Columns are those of COLUMNS; an empty cell has the default. Raises one ParameterError that
    lists every problem of every row, two shots that write the same files among them.
    """
    rows: list[Row] = []
    problems: list[str] = []
    outputs: dict[str, str] = {}
    for where, cells in _rows(Path(path), problems):
        try:
            request = swap_request(cells, dashes=False)
        except ParameterError as error:
            problems += [f"{where}: {line}" for line in str(error).splitlines()]
            continue
        pattern = request.output.pattern
        if pattern in outputs:
            problems.append(f"{where}: writes {pattern}, as {outputs[pattern]} does.")
        outputs.setdefault(pattern, where)
        rows.append(Row(where, request))
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise ParameterError(f"{path} has {count}; nothing was run:\n" + "\n".join(problems))
    if not rows:
        raise ParameterError(f"{path} has no shots. Give a row a shot: {', '.join(COLUMNS)}.")
    return rows


def _rows(path: Path, problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where a row stands and its cells by column; empty cells are left out."""
    if path.suffix.lower() == ".json":
        yield from _json_rows(path, problems)
    elif path.suffix.lower() == ".csv":
        yield from _csv_rows(path, problems)
    else:
        raise ParameterError(f"{path} is no table of shots; it must be a .csv or a .json file.")


def _json_rows(path: Path, problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ParameterError(f'{path} must be a list of shots: [{{"plate": ..., "out": ...}}].')
    for number, row in enumerate(rows, 1):
        problems += _column_problems(f"shot {number}", list(row))
        yield f"shot {number}", {n: v for n, v in row.items() if v not in (None, "")}


def _csv_rows(path: Path, problems: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        words = path.read_text("utf-8-sig")
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ParameterError(f"{path} is not UTF-8 text: {error}. Save it as CSV UTF-8.") from error
    header = words.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(words), delimiter=max(_SEPARATORS, key=header.count))
    columns = [name.strip().replace("-", "_") for name in next(reader, [])]
    problems += _column_problems("line 1", columns)
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells[len(columns) :]):
            problems.append(f"line {reader.line_num}: has cells to the right of the last column.")
        if any(cells):
            yield f"line {reader.line_num}", {n: v for n, v in zip(columns, cells) if v}


def _column_problems(where: str, names: list[str]) -> list[str]:
    unknown = [f"{where}: there is no column {name!r}." for name in names if name not in COLUMNS]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    return unknown + [f"{where}: the column {name!r} stands twice." for name in twice]
