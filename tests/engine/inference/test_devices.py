"""The device is chosen by a rule; an explicit one is never another in silence."""

from __future__ import annotations

from collections.abc import Iterator

import onnxruntime
import pytest

from likeness.errors import ModelError, ParameterError
from likeness_engine.inference import devices
from likeness_engine.inference.devices import Cuda, choose_device, cuda, device_report

NO_LIBRARIES = Cuda(usable=False, gpus=("A GPU",), why="libcublas is not there", cure="Install it.")
USABLE = Cuda(usable=True, gpus=("A GPU", "Another"))


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Forget what was found out about CUDA, before the test and after it."""
    cuda.cache_clear()
    yield
    cuda.cache_clear()


@pytest.mark.parametrize(
    ("found", "device", "chosen"),
    [
        (USABLE, "auto", "cuda"),
        (USABLE, "cuda", "cuda"),
        (USABLE, "cpu", "cpu"),
        (NO_LIBRARIES, "auto", "cpu"),
        (NO_LIBRARIES, "cpu", "cpu"),
    ],
)
def test_auto_is_cuda_where_it_is_usable_and_else_the_cpu(
    monkeypatch: pytest.MonkeyPatch, found: Cuda, device: str, chosen: str
) -> None:
    monkeypatch.setattr(devices, "cuda", lambda: found)
    assert choose_device(device) == chosen


def test_an_explicit_cuda_that_is_not_usable_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda", lambda: NO_LIBRARIES)
    with pytest.raises(ModelError, match="libcublas is not there. Install it. Or ask for"):
        choose_device("cuda")


def test_an_unknown_device_lists_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="device is 'tpu'; it must be auto, cpu, cuda"):
        choose_device("tpu")


def test_the_report_names_the_gpus_where_cuda_is_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda", lambda: USABLE)
    on_cpu, on_cuda = device_report()
    assert on_cpu.ok and on_cpu.needed
    assert f"onnxruntime {onnxruntime.__version__}" in on_cpu.found
    assert on_cuda.ok
    assert on_cuda.found == "A GPU, Another"


def test_the_report_says_why_not_and_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda", lambda: NO_LIBRARIES)
    on_cuda = device_report()[1]
    assert not on_cuda.ok
    assert not on_cuda.needed
    assert on_cuda.found == "A GPU; libcublas is not there; nets run on the CPU"
    assert on_cuda.cure == "Install it."


def test_a_machine_without_the_driver_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_DRIVER", "libno_such_driver.so.1")
    found = cuda()
    assert not found.usable
    assert "libno_such_driver.so.1 is not on this machine" in found.why


def test_a_runtime_built_without_cuda_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_gpus", lambda: (("A GPU",), ""))
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert "was built without CUDA" in cuda().why
    assert cuda().cure.startswith("Install onnxruntime-gpu")


def test_cuda_that_does_not_load_is_found_out_by_trying(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if cuda().usable:
        pytest.skip("CUDA works on this machine")
    monkeypatch.setattr(devices, "_gpus", lambda: (("A GPU",), ""))
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    cuda.cache_clear()
    found = cuda()
    assert not found.usable
    assert found.why
    assert "onnxruntime-gpu[cuda,cudnn]" in found.cure
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
