"""Which device a net can run on here, and why not on the other."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import sys
from dataclasses import dataclass

import numpy as np
import onnxruntime

from likeness.errors import ModelError, ParameterError

CPU, CUDA = "cpu", "cuda"
DEVICES = ("auto", CPU, CUDA)

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_RUNTIME_CURE = (
    "Install the CUDA and cuDNN libraries that this onnxruntime was built for:"
    " `pip install onnxruntime-gpu[cuda,cudnn]` into this install's environment."
)


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report. `needed` is False for what is only good to have."""

    name: str
    ok: bool
    found: str
    cure: str = ""
    needed: bool = True


@dataclass(frozen=True)
class Cuda:
    """What was found out about CUDA: the GPUs, and when it is not usable, why and the cure."""

    usable: bool
    gpus: tuple[str, ...] = ()
    why: str = ""
    cure: str = ""


def choose_device(device: str) -> str:
    """Return `cpu` or `cuda`: `auto` is CUDA where it is usable, else the CPU.

    Raises ModelError for an explicit `cuda` that is not usable; it never becomes the CPU.
    """
    if device not in DEVICES:
        raise ParameterError(f"device is {device!r}; it must be {', '.join(DEVICES)}.")
    if device == CPU:
        return CPU
    found = cuda()
    if device == CUDA and not found.usable:
        raise ModelError(
            f"The device cuda was asked for and cannot be used: {found.why}. {found.cure}"
            " Or ask for the device auto or cpu."
        )
    return CUDA if found.usable else CPU


def device_report() -> list[Finding]:
    """Return what nets can run on here, for the doctor."""
    runtime = f"onnxruntime {onnxruntime.__version__}"
    found = cuda()
    gpus = ", ".join(found.gpus) or "no GPU"
    return [
        Finding("inference on the CPU", ok=True, found=runtime),
        Finding(
            "inference on CUDA",
            ok=found.usable,
            found=gpus if found.usable else f"{gpus}; {found.why}; nets run on the CPU",
            cure=found.cure,
            needed=False,
        ),
    ]


@functools.cache
def cuda() -> Cuda:
    """Return whether CUDA is usable: a GPU answers, and a net of one node really runs on it.

    Found out once a process. Where there is no GPU, onnxruntime is not even asked, so that it
    has no reason to complain on machines that are complete as they are.
    """
    gpus, why = _gpus()
    if not gpus:
        cure = "Where there is a GPU, install NVIDIA's driver for it."
        return Cuda(usable=False, why=why, cure=cure)
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        why = f"this onnxruntime {onnxruntime.__version__} was built without CUDA"
        cure = "Install onnxruntime-gpu in place of onnxruntime."
        return Cuda(usable=False, gpus=gpus, why=why, cure=cure)
    why = _trial()
    return Cuda(usable=not why, gpus=gpus, why=why, cure=_RUNTIME_CURE if why else "")


def _gpus() -> tuple[tuple[str, ...], str]:
    """Return the names of the GPUs that the driver shows, or none and why."""
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        return (), f"NVIDIA's driver library {_DRIVER} is not on this machine"
    count, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    if code := driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return (), f"NVIDIA's driver answers with error {code}"
    names = []
    for number in range(count.value):
        handle = ctypes.c_int()
        driver.cuDeviceGet(ctypes.byref(handle), number)
        driver.cuDeviceGetName(name, len(name), handle)
        names.append(name.value.decode(errors="replace"))
    return tuple(names), "" if names else "NVIDIA's driver shows no GPU to this process"


def _trial() -> str:
    """Run a net of one node on CUDA; return why that failed, or nothing."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):  # what it prints is the reason that is wanted here
        onnxruntime.preload_dlls()
    try:
        net = onnxruntime.InferenceSession(
            _one_node(), quiet_options(), providers=["CUDAExecutionProvider"]
        )
        if net.get_providers()[:1] == ["CUDAExecutionProvider"]:
            net.run(None, {"x": np.ones((1, 1, 2, 2), np.float32)})
            return ""
    except Exception as error:  # the border: a broken CUDA fails in ways no list can hold
        return f"onnxruntime fails on CUDA: {str(error).splitlines()[0]}"
    lines = [line for line in said.getvalue().splitlines() if line.startswith("Failed")]
    return lines[0] if lines else "onnxruntime cannot load its CUDA libraries"


def quiet_options() -> onnxruntime.SessionOptions:
    """Return session options that print nothing: failures are raised, not logged."""
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return options


def _one_node() -> bytes:
    """Return a net of one convolution: it needs all of CUDA's and cuDNN's libraries."""
    from onnx import TensorProto, helper, numpy_helper

    shape = [1, 1, 2, 2]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("x", "y"))
    weight = numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "w")
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "net", [x], [y], [weight])
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return bytes(model.SerializeToString())
