"""Nets ready to run: loaded once from verified bytes, kept under a memory budget."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from likeness.errors import ModelError
from likeness_engine.inference.devices import (
    CUDA,
    Finding,
    choose_device,
    device_report,
    quiet_options,
)
from likeness_engine.models.store import Weights, read_weights

__all__ = ["Finding", "Session", "SessionPool", "device_report", "session"]

BUDGET_BYTES = 2 << 30

# One thread a net: a face takes the default nets 2 to 6 ms; a second thread saved at most 15 % of
# that for one of them and lost time for the others, and frames in parallel use the cores better.
# It also takes the thread count out of the question of what decides pixels.
THREADS = 1

_FAILURES = (
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    RuntimeError,
    ValueError,
)


class Session:
    """A net ready to run. `sha256` is of its ONNX, `device` is where it runs: `cpu` or `cuda`.

    Several threads may run it at once. The same input gives the same bits on every run; a batch
    gives what its items give one by one.
    """

    def __init__(self, weights: Weights, device: str = "auto") -> None:
        self.model = weights.model
        self.sha256 = weights.sha256
        self.bytes = len(weights.onnx)
        self.device = choose_device(device)
        try:
            self._net = onnxruntime.InferenceSession(
                weights.onnx, _options(), providers=_providers(self.device)
            )
        except _FAILURES as error:
            raise ModelError(
                f"{self.model} cannot be loaded on {self.device}: {_first_line(error)}."
                + (" Ask for the device cpu." if self.device == CUDA else " Is it an ONNX net?")
            ) from error
        if self.device == CUDA and "CUDAExecutionProvider" not in self._net.get_providers():
            raise ModelError(
                f"{self.model} did not load on cuda, though another net runs there. Is the GPU's"
                " memory full? Free it, or ask for the device cpu."
            )
        self.inputs = tuple(described.name for described in self._net.get_inputs())
        self.outputs = tuple(described.name for described in self._net.get_outputs())

    def run(self, *arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Return the outputs by name. `arrays` are the inputs in the card's order, float32.

        Raises ModelError when their number, shape or type is not what the net takes.
        """
        if len(arrays) != len(self.inputs):
            raise ModelError(
                f"{self.model} takes {len(self.inputs)} inputs ({', '.join(self.inputs)});"
                f" {len(arrays)} were given."
            )
        try:
            results = self._net.run(self.outputs, dict(zip(self.inputs, arrays)))
        except _FAILURES as error:
            shapes = ", ".join(f"{a.dtype} {a.shape}" for a in arrays)
            raise ModelError(
                f"{self.model} failed on {self.device} with {shapes}: {_first_line(error)}."
            ) from error
        return dict(zip(self.outputs, results))


class SessionPool:
    """Sessions by the sha256 of their net and their device, loaded on first use.

    When the weights kept pass `budget_bytes`, those unused for longest go; whoever still holds
    such a session may go on using it. Safe to share between threads.
    """

    def __init__(self, budget_bytes: int = BUDGET_BYTES, home: Path | None = None) -> None:
        self._budget_bytes = budget_bytes
        self._home = home
        self._kept: OrderedDict[tuple[str, str], Session] = OrderedDict()
        self._lock = threading.Lock()

    def session(self, model_id: str, device: str = "auto", *, sha256: str = "") -> Session:
        """Return a model's session. `sha256` is what the request says the ONNX must be, if it does.

        Raises ModelError when the weights are missing, altered, not those of the request, or
        cannot run on the device.
        """
        device = choose_device(device)
        with self._lock:
            kept = self._kept.get((model_id, device))
            if kept is None:
                kept = Session(read_weights(model_id, self._home), device)
                self._kept[model_id, device] = kept
            self._kept.move_to_end((model_id, device))
            while len(self._kept) > 1 and self.bytes > self._budget_bytes:
                self._kept.popitem(last=False)
        if sha256 and kept.sha256 != sha256:
            raise ModelError(
                f"The request was made with {model_id} of sha256 {sha256}; this install has"
                f" {kept.sha256}. Render with the install that made it, or submit it again."
            )
        return kept

    @property
    def bytes(self) -> int:
        """Return the size of all weights kept."""
        return sum(kept.bytes for kept in self._kept.values())


def session(model_id: str, device: str = "auto", *, sha256: str = "") -> Session:
    """Return a model's session from this process's own pool; see `SessionPool.session`."""
    return _pool().session(model_id, device, sha256=sha256)


@functools.cache
def _pool() -> SessionPool:
    return SessionPool()


def _options() -> onnxruntime.SessionOptions:
    options = quiet_options()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = THREADS
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    # An arena grows by powers of two and never shrinks: after 64 faces at once the mesh net held
    # 175 MB with it, 83 MB without, at about the same speed.
    options.enable_cpu_mem_arena = False
    return options


def _providers(device: str) -> list[Any]:
    if device != CUDA:
        return ["CPUExecutionProvider"]
    cuda = {
        "cudnn_conv_algo_search": "HEURISTIC",  # EXHAUSTIVE chooses by timing: other bits each run
        "use_tf32": "0",
        "arena_extend_strategy": "kSameAsRequested",
    }
    return [("CUDAExecutionProvider", cuda), "CPUExecutionProvider"]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
