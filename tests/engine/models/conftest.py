"""Tiny TFLite nets, a models folder of one's own, and a package index in a folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite

from likeness.documents.card import Card, PypiSource, Source, Tensor, TrainingData

TYPES = {"float32": 0, "float16": 1, "int32": 2, "uint8": 3}


class NetFile:
    """Writes a TFLite file: name the tensors, give the constants, append operators."""

    def __init__(self, **shapes: tuple[int, ...]) -> None:
        self.builder = flatbuffers.Builder(1024)
        self.tensors: dict[str, tuple[tuple[int, ...], np.ndarray | None]] = {
            name: (shape, None) for name, shape in shapes.items()
        }
        self.operators: list[tuple[str, list[str], list[str], int, int]] = []

    def constant(self, name: str, values: Any) -> str:
        array = np.asarray(values)
        self.tensors[name] = (array.shape, array)
        return name

    def add(
        self, code: str, inputs: list[str], output: str, kind: str = "", **options: Any
    ) -> None:
        """Append an operator; `options` are the fields of its options table `kind`."""
        table, number = 0, 0
        if kind:
            getattr(tflite, f"{kind}Start")(self.builder)
            for field, value in options.items():
                getattr(tflite, f"{kind}Add{field}")(self.builder, value)
            table = getattr(tflite, f"{kind}End")(self.builder)
            number = getattr(tflite.BuiltinOptions, kind)
        self.operators.append((code, inputs, [output], table, number))

    def content(self, inputs: list[str], outputs: list[str], subgraphs: int = 1) -> bytes:
        b = self.builder
        names = list(self.tensors)
        buffers, tensors = [self._buffer(None)], []
        for name, (shape, values) in self.tensors.items():
            buffers.append(self._buffer(values))
            word = b.CreateString(name)
            dimensions = b.CreateNumpyVector(np.array(shape, np.int32))
            tflite.TensorStart(b)
            tflite.TensorAddName(b, word)
            tflite.TensorAddShape(b, dimensions)
            tflite.TensorAddBuffer(b, len(buffers) - 1)
            tflite.TensorAddType(b, TYPES["float32" if values is None else values.dtype.name])
            tensors.append(tflite.TensorEnd(b))
        codes, operators = [], []
        for code, ins, outs, table, number in self.operators:
            tflite.OperatorCodeStart(b)
            tflite.OperatorCodeAddDeprecatedBuiltinCode(b, getattr(tflite.BuiltinOperator, code))
            codes.append(tflite.OperatorCodeEnd(b))
            taken, given = self._indices(names, ins), self._indices(names, outs)
            tflite.OperatorStart(b)
            tflite.OperatorAddOpcodeIndex(b, len(codes) - 1)
            tflite.OperatorAddInputs(b, taken)
            tflite.OperatorAddOutputs(b, given)
            if table:
                tflite.OperatorAddBuiltinOptionsType(b, number)
                tflite.OperatorAddBuiltinOptions(b, table)
            operators.append(tflite.OperatorEnd(b))
        parts = [self._vector(tensors), self._indices(names, inputs)]
        parts += [self._indices(names, outputs), self._vector(operators)]
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, parts[0])
        tflite.SubGraphAddInputs(b, parts[1])
        tflite.SubGraphAddOutputs(b, parts[2])
        tflite.SubGraphAddOperators(b, parts[3])
        graph = tflite.SubGraphEnd(b)
        whole = [self._vector(codes), self._vector([graph] * subgraphs), self._vector(buffers)]
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, whole[0])
        tflite.ModelAddSubgraphs(b, whole[1])
        tflite.ModelAddBuffers(b, whole[2])
        b.Finish(tflite.ModelEnd(b), b"TFL3")
        return bytes(b.Output())

    def _buffer(self, values: np.ndarray | None) -> int:
        stored = 0
        if values is not None:
            stored = self.builder.CreateByteVector(np.ascontiguousarray(values).tobytes())
        tflite.BufferStart(self.builder)
        if values is not None:
            tflite.BufferAddData(self.builder, stored)
        return tflite.BufferEnd(self.builder)

    def _indices(self, names: list[str], chosen: list[str]) -> int:
        numbers = [names.index(name) if name else -1 for name in chosen]
        return self.builder.CreateNumpyVector(np.array(numbers, np.int32))

    def _vector(self, offsets: list[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return self.builder.EndVector()


@pytest.fixture
def net_file() -> type[NetFile]:
    """Return the class that writes TFLite files."""
    return NetFile


@pytest.fixture
def doubling_net() -> bytes:
    """Return a TFLite net that adds a 1 x 2 x 2 x 1 picture to itself."""
    net = NetFile(x=(1, 2, 2, 1), y=(1, 2, 2, 1))
    net.add("ADD", ["x", "x"], "y", "AddOptions")
    return net.content(["x"], ["y"])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty models folder."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def write_card(home: Path) -> Callable[..., Card]:
    """Return a function that writes the card of a net into the models folder."""

    def write(model_id: str, content: bytes, source: Source, **fields: Any) -> Card:
        card = Card(
            **{
                "id": model_id,
                "title": "A net that doubles",
                "role": "detector",
                "source": source,
                "sha256": hashlib.sha256(content).hexdigest(),
                "licence": "Apache-2.0",
                "commercial_use": True,
                "training_data": (TrainingData("none", "none", "none"),),
                "inputs": (Tensor("x", (0, 2, 2, 1), "any"),),
                "outputs": (Tensor("y", (0, 2, 2, 1), "any"),),
                "convert": "tflite",
                "default": True,
                **fields,
            }
        )
        card.save(home / model_id / "card.json")
        return card

    return write


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the temporary folder that everything uses during the test."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scratch: Path) -> Path:
    """Return a folder that is pip's only index; nothing else of pip's configuration counts."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip-cache"))
    return folder


@pytest.fixture
def write_wheel(index: Path) -> Callable[[dict[str, bytes]], PypiSource]:
    """Return a function that puts a wheel of another Python and system into the index."""

    def write(members: dict[str, bytes]) -> PypiSource:
        name = "tinynets-1.0-cp39-cp39-manylinux_2_28_x86_64.whl"
        about = "tinynets-1.0.dist-info"
        with zipfile.ZipFile(index / name, "w") as wheel:
            for member, content in members.items():
                wheel.writestr(member, content)
            wheel.writestr(
                f"{about}/METADATA", "Metadata-Version: 2.1\nName: tinynets\nVersion: 1.0\n"
            )
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n")
            wheel.writestr(f"{about}/RECORD", "")
        return PypiSource(package="tinynets", version="1.0", member="", python="3.9")

    return write
