"""Typed JSON documents: written with defaults omitted, read with all problems in one error."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

from likeness.errors import ParameterError

D = TypeVar("D", bound="Document")


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
        document = _typed(cls, body, "", problems)
        if not problems:
            problems = document.problems()
        if problems:
            raise ParameterError(f"{where} has {len(problems)} problem(s):\n" + "\n".join(problems))
        return document

    @classmethod
    def load(cls: type[D], path: str | os.PathLike[str]) -> D:
        """Read a document from a JSON file; errors name the file."""
        try:
            rows = json.loads(Path(path).read_text("utf-8"))
        except OSError as error:
            raise ParameterError(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ParameterError(f"{path} is not JSON: {error}.") from error
        return cls.from_json(rows, where=str(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the document whole or not at all (temporary name in the folder, then rename)."""
        write_text(path, json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n")


def write_text(path: str | os.PathLike[str], text: str, *, owner_only: bool = False) -> None:
    """Write a text file whole or not at all; with `owner_only` nobody else may read it."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if not owner_only:
            os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def canonical_json(rows: Any) -> bytes:
    """Return the one byte string that digests are taken of: sorted keys, no spaces, ASCII."""
    return json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


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
        if inner[-1] is not Ellipsis and len(value) != len(inner):
            problems.append(f"{where} has {len(value)} values; it must have {len(inner)}.")
            return None
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
        return tuple(
            _typed(k, v, f"{where}[{i}]", problems) for i, (k, v) in enumerate(zip(kinds, value))
        )
    if origin is dict and isinstance(value, dict):
        return {
            _key(inner[0], name, where, problems): _typed(inner[1], v, f"{where}.{name}", problems)
            for name, v in value.items()
        }
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    name = kind.__name__ if isinstance(kind, type) else str(kind)
    problems.append(f"{where} is {str(value)[:60]!r}; it must be of type {name}.")
    return None


def _key(kind: Any, name: str, where: str, problems: list[str]) -> Any:
    if kind is int:
        try:
            return int(name)
        except ValueError:
            problems.append(f"{where} has the key {name!r}; it must be a whole number.")
    return name


def _typed_dataclass(kind: Any, value: Any, where: str, problems: list[str]) -> Any:
    if not isinstance(value, dict):
        problems.append(f"{where or 'the document'} is {str(value)[:60]!r}; it must be an object.")
        return None
    hints = get_type_hints(kind)
    known = {f.name: f for f in fields(kind)}
    before = len(problems)
    prefix = f"{where}." if where else ""
    for name in value.keys() - known.keys():
        problems.append(f"{prefix}{name} is not known here.")
    missing = [
        n
        for n, f in known.items()
        if n not in value and f.default is MISSING and f.default_factory is MISSING
    ]
    problems.extend(f"{prefix}{name} is missing." for name in missing)
    arguments = {
        n: _typed(hints[n], value[n], f"{prefix}{n}", problems) for n in known if n in value
    }
    return kind(**arguments) if len(problems) == before else None
