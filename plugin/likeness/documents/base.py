"""Typed JSON documents: written with defaults omitted, read with all problems in one error."""

from __future__ import annotations

import json
import os
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from sys import float_info
from typing import Any, ClassVar, Optional, TypeVar, Union, get_args, get_origin, get_type_hints

from likeness.errors import FrameError, ParameterError

D = TypeVar("D", bound="Document")

_KINDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list",
    dict: "an object",
}


@dataclass(frozen=True)
class Document:
    """A frozen dataclass with a schema name such as `likeness.request.1`."""

    schema: ClassVar[str] = ""

    def problems(self) -> list[str]:
        """Return what types cannot say: ranges and references that do not hold."""
        return []

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data: the schema first, defaults omitted."""
        return {"schema": self.schema, **_plain(self)}

    @classmethod
    def from_json(cls: type[D], rows: Any, *, where: str = "") -> D:
        """Read plain JSON data; raise one ParameterError that lists every problem."""
        where = where or cls.schema
        if not isinstance(rows, dict) or rows.get("schema") != cls.schema:
            found = rows.get("schema") if isinstance(rows, dict) else type(rows).__name__
            raise ParameterError(
                f'{where} is not a document of schema "{cls.schema}"; it says {found!r}. '
                "Check that this is the right kind of file and version."
            )
        problems: list[str] = []
        body = {name: value for name, value in rows.items() if name != "schema"}
        document = cls.collect(body, problems)
        if problems or document is None:
            count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
            raise ParameterError(f"{where} has {count}:\n" + "\n".join(problems))
        return document

    @classmethod
    def collect(cls: type[D], body: dict[str, Any], problems: list[str]) -> Optional[D]:
        """Read the fields of a document and add what is wrong to `problems`; None if it is much."""
        document: Optional[D] = _typed(cls, body, "", problems)
        if document is not None:
            problems.extend(document.problems())
        return document

    @classmethod
    def load(cls: type[D], path: str | os.PathLike[str]) -> D:
        """Read a document from a JSON file; errors name the file."""
        return cls.from_json(read_json(path), where=str(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document whole or not at all (temporary name in the folder, then rename)."""
        write_text(path, _readable(self.to_json()) + "\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Return the data of a JSON file; ParameterError says why it is none."""
    try:
        return json.loads(Path(path).read_text("utf-8-sig"), object_pairs_hook=_unique)
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ParameterError(f"{path} is not JSON: {error}.") from error
    except RecursionError as error:
        raise ParameterError(f"{path} is nested too deeply to be a document.") from error


def write_text(path: str | os.PathLike[str], text: str, *, owner_only: bool = False) -> None:
    """Write a text file whole or not at all; with `owner_only` nobody else may read it.

    Raises FrameError that names the file when the disk or the rights do not allow it.
    """
    target = Path(path)
    temporary = target.parent / f".{target.name}.{os.urandom(6).hex()}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not tempfile.mkstemp: a document of a shared project keeps the rights of the umask.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        handle = os.open(temporary, flags, 0o600 if owner_only else 0o666)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise FrameError(f"{target} cannot be written: {error.strerror}.") from error


def canonical_json(rows: Any) -> bytes:
    """Return the one byte string that digests are taken of: sorted keys, no spaces, ASCII."""
    return json.dumps(
        rows, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says a key twice: readers differ on which of the two holds."""
    rows = dict(pairs)
    if len(rows) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return rows


def _readable(value: Any, depth: int = 0) -> str:
    """Return JSON with an object's keys a line each, and lists of numbers on one line.

    A mesh has 478 points: a line for each number would make a track nobody can scroll through.
    """
    pad = " " * (depth + 1)
    if isinstance(value, dict) and value:
        rows = [
            f"{json.dumps(name, ensure_ascii=False)}: {_readable(item, depth + 1)}"
            for name, item in value.items()
        ]
        return "{\n" + ",\n".join(pad + row for row in rows) + f"\n{pad[1:]}}}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        rows = [_readable(item, depth + 1) for item in value]
        return "[\n" + ",\n".join(pad + row for row in rows) + f"\n{pad[1:]}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {
            f.name: _plain(getattr(value, f.name))
            for f in fields(value)
            if getattr(value, f.name) != _default(f)
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return value


def _default(f: Any) -> Any:
    return f.default_factory() if f.default_factory is not MISSING else f.default


def _typed(kind: Any, value: Any, where: str, problems: list[str]) -> Any:
    """Return `value` as `kind`, or note a problem that names the place and the value."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if is_dataclass(kind):
        return _typed_dataclass(kind, value, where, problems)
    if origin is Union:
        if value is None and type(None) in inner:
            return None
        return _typed(next(k for k in inner if k is not type(None)), value, where, problems)
    if origin is tuple and isinstance(value, list):
        return _typed_tuple(inner, value, where, problems)
    if origin is dict and isinstance(value, dict):
        return {
            _key(inner[0], name, where, problems): _typed(inner[1], v, f"{where}.{name}", problems)
            for name, v in value.items()
        }
    if kind is float and type(value) in (int, float) and abs(value) <= float_info.max:
        return float(value)  # NaN compares false: it is no number
    if isinstance(kind, type) and kind is not float and type(value) is kind:
        return value
    problems.append(f"{where} is {_short(value)}; it must be {_KINDS[origin or kind]}.")
    return None


def _typed_tuple(inner: tuple[Any, ...], value: list[Any], where: str, problems: list[str]) -> Any:
    if inner[-1] is not Ellipsis and len(value) != len(inner):
        problems.append(f"{where} has {len(value)} values; it must have {len(inner)}.")
        return None
    if inner[0] is float and all(type(item) is float and isfinite(item) for item in value):
        return tuple(value)  # the points of a mesh: ten times faster than one by one
    kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
    return tuple(
        _typed(k, v, f"{where}[{i}]", problems) for i, (k, v) in enumerate(zip(kinds, value))
    )


def _key(kind: Any, name: str, where: str, problems: list[str]) -> Any:
    if kind is int:
        try:
            return int(name)
        except ValueError:
            problems.append(f"{where} has the key {_short(name)}; it must be a whole number.")
    return name


def _typed_dataclass(kind: Any, value: Any, where: str, problems: list[str]) -> Any:
    if not isinstance(value, dict):
        place = where or "the document"
        problems.append(f"{place} is {_short(value)}; it must be an object.")
        return None
    known = {f.name: f for f in fields(kind)}
    prefix = f"{where}." if where else ""
    problems.extend(f"{prefix}{name} is not known here." for name in value if name not in known)
    before = len(problems)
    problems.extend(
        f"{prefix}{name} is missing."
        for name, f in known.items()
        if name not in value and f.default is MISSING and f.default_factory is MISSING
    )
    hints = _hints(kind)
    arguments = {
        n: _typed(hints[n], value[n], f"{prefix}{n}", problems) for n in known if n in value
    }
    return kind(**arguments) if len(problems) == before else None


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _short(value: Any) -> str:
    words = repr(value)
    return words if len(words) <= 60 else f"{words[:57]}..."
