"""Sessions: loaded once from verified bytes, kept under a budget, quiet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from likeness.errors import ModelError
from likeness_engine.inference.sessions import Session, SessionPool
from likeness_engine.models.store import Weights, read_weights

AddModel = Callable[..., str]


def numbers(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(-1, 1)


def test_a_net_runs_and_names_its_outputs(tmp_path: Path, add_model: AddModel) -> None:
    digest = add_model("adder", 2.0)
    net = SessionPool(home=tmp_path).session("adder", "cpu")
    assert (net.model, net.sha256, net.device) == ("adder", digest, "cpu")
    assert (net.inputs, net.outputs) == (("x",), ("y",))
    np.testing.assert_array_equal(net.run(numbers(1, 2, 3))["y"], numbers(3, 4, 5))


def test_a_net_is_loaded_once(tmp_path: Path, add_model: AddModel) -> None:
    add_model("adder")
    pool = SessionPool(home=tmp_path)
    assert pool.session("adder", "cpu") is pool.session("adder", "cpu")


def test_threads_that_ask_at_once_get_one_session(tmp_path: Path, add_model: AddModel) -> None:
    add_model("adder")
    pool = SessionPool(home=tmp_path)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: pool.session("adder", "cpu"), range(16)))
        answers = threads.map(lambda n: found[n].run(numbers(n))["y"].item(), range(16))
        assert list(answers) == [n + 1 for n in range(16)]
    assert len(set(map(id, found))) == 1


def test_the_net_unused_for_longest_goes_when_the_budget_is_passed(
    tmp_path: Path, add_model: AddModel
) -> None:
    for name in "abc":
        add_model(name, padding=1000)
    size = len(read_weights("a", tmp_path).onnx)
    pool = SessionPool(budget_bytes=2 * size + 10, home=tmp_path)
    first, second = pool.session("a", "cpu"), pool.session("b", "cpu")
    assert pool.session("a", "cpu") is first
    pool.session("c", "cpu")
    assert pool.bytes == 2 * size
    assert pool.session("a", "cpu") is first
    assert pool.session("b", "cpu") is not second
    second.run(np.zeros((1, 1000), np.float32))  # whoever holds it may go on


def test_a_net_larger_than_the_budget_is_still_given(tmp_path: Path, add_model: AddModel) -> None:
    add_model("a")
    pool = SessionPool(budget_bytes=1, home=tmp_path)
    assert pool.session("a", "cpu") is pool.session("a", "cpu")


def test_weights_altered_on_disk_are_not_loaded(tmp_path: Path, add_model: AddModel) -> None:
    add_model("adder", 1.0)
    right = (tmp_path / "adder" / "card.json").read_bytes()
    add_model("adder", 2.0)
    (tmp_path / "adder" / "card.json").write_bytes(right)
    with pytest.raises(ModelError, match="were altered"):
        SessionPool(home=tmp_path).session("adder", "cpu")


def test_other_weights_than_the_request_names_are_refused(
    tmp_path: Path, add_model: AddModel
) -> None:
    digest = add_model("adder")
    pool = SessionPool(home=tmp_path)
    pool.session("adder", "cpu", sha256=digest)
    with pytest.raises(ModelError, match=f"sha256 {'0' * 64}; this install has {digest}"):
        pool.session("adder", "cpu", sha256="0" * 64)


def test_missing_weights_say_how_to_get_them(tmp_path: Path, add_model: AddModel) -> None:
    add_model("adder")
    (tmp_path / "adder" / "model.onnx").unlink()
    with pytest.raises(ModelError, match="likeness models fetch adder"):
        SessionPool(home=tmp_path).session("adder", "cpu")


def test_a_file_that_is_no_net_is_refused() -> None:
    with pytest.raises(ModelError, match="junk cannot be loaded on cpu"):
        Session(Weights("junk", "0" * 64, b"<html>"), "cpu")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ((), "takes 1 inputs .x.; 0 were given"),
        ((numbers(1), numbers(2)), "takes 1 inputs .x.; 2 were given"),
        ((np.zeros((1, 3), np.float32),), r"failed on cpu with float32 \(1, 3\)"),
        ((np.zeros((1, 1), np.float64),), r"failed on cpu with float64 \(1, 1\)"),
    ],
)
def test_inputs_the_net_does_not_take_are_named(
    tmp_path: Path, add_model: AddModel, arrays: tuple[np.ndarray, ...], words: str
) -> None:
    add_model("adder")
    with pytest.raises(ModelError, match=words):
        SessionPool(home=tmp_path).session("adder", "cpu").run(*arrays)


def test_a_machine_without_a_gpu_hears_no_complaint(tmp_path: Path, add_model: AddModel) -> None:
    add_model("adder")
    script = (
        "import sys, pathlib, numpy;"
        "from likeness_engine.inference.sessions import SessionPool, device_report;"
        "net = SessionPool(home=pathlib.Path(sys.argv[1])).session('adder');"
        "net.run(numpy.zeros((1, 1), numpy.float32)); device_report()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
