"""The default nets as converted, against what the TFLite runtime answered.

`python tests/engine/models/test_nets.py` records the answers again; it needs ai-edge-litert.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from likeness.documents.card import Card
from likeness.places import install_root
from likeness_engine.inference.sessions import SessionPool
from likeness_engine.models.cards import card as read_card
from likeness_engine.models.cards import read_cards
from likeness_engine.models.fetch import fetch_models
from likeness_engine.models.store import PRESENT, Weights, read_weights, state

ANSWERS = Path(__file__).with_name("tflite_answers.npz")
EVERY = 7  # of the detector's 896 anchors, so that the file stays small
CONVERTED = [card for card in read_cards() if card.default and card.convert]

every_net = pytest.mark.parametrize("card", CONVERTED, ids=lambda card: card.id)


def pictures(card: Card) -> np.ndarray:
    """Return two pictures in the net's range: noise, and soft blobs of the size of features."""
    rng = np.random.default_rng(2023)
    side = card.inputs[0].shape[1]
    noise = rng.random((side, side, 3), np.float32)
    y, x = np.mgrid[:side, :side] / side
    centres, widths = rng.random((12, 2)), rng.uniform(0.05, 0.3, 12)
    blobs = [
        np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / w**2) for (cx, cy), w in zip(centres, widths)
    ]
    soft = np.tensordot(blobs, rng.uniform(-0.5, 0.5, (12, 3)), (0, 0)) + 0.5
    both = np.clip(np.stack([noise, soft]), 0, 1).astype(np.float32)
    return both * 2 - 1 if card.inputs[0].range == "-1..1" else both


def kept(answer: np.ndarray) -> np.ndarray:
    return answer[:, ::EVERY] if answer.ndim == 3 else answer


def installed(card: Card) -> Weights:
    if state(card.id) != PRESENT:
        pytest.skip(f"the weights of {card.id} are not here; run `likeness models fetch`")
    return read_weights(card.id)


def load(weights: Weights, threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(weights.onnx, options, providers=["CPUExecutionProvider"])


def answers(net: onnxruntime.InferenceSession, batch: np.ndarray) -> dict[str, np.ndarray]:
    names = [described.name for described in net.get_outputs()]
    return dict(zip(names, net.run(names, {net.get_inputs()[0].name: batch})))


@every_net
def test_a_net_answers_as_the_tflite_runtime_does(card: Card) -> None:
    found = answers(load(installed(card)), pictures(card))
    recorded = np.load(ANSWERS)
    for tensor in card.outputs:
        wanted = recorded[f"{card.id}/{tensor.name}"]
        # Float32 sums in another order; the largest answers are pixels, some hundred.
        tolerance = 1e-4 * max(1.0, float(np.abs(wanted).max()) / 100)
        np.testing.assert_allclose(kept(found[tensor.name]), wanted, rtol=0, atol=tolerance)


@every_net
def test_a_card_describes_the_net_that_is_there(card: Card) -> None:
    weights = installed(card)
    assert hashlib.sha256(weights.onnx).hexdigest() == card.onnx_sha256
    net = load(weights)
    for stated, found in zip(
        (*card.inputs, *card.outputs), (*net.get_inputs(), *net.get_outputs()), strict=True
    ):
        assert found.name == stated.name
        assert [0 if isinstance(n, str) else n for n in found.shape] == list(stated.shape)


@every_net
def test_a_batch_has_the_bits_of_its_pictures_one_by_one(card: Card) -> None:
    net, batch = load(installed(card)), pictures(card)[[0, 1, 0, 1, 1]]
    together = answers(net, batch)
    for number in range(len(batch)):
        for name, alone in answers(net, batch[number : number + 1]).items():
            np.testing.assert_array_equal(together[name][number : number + 1], alone)


@every_net
def test_neither_the_run_nor_the_thread_count_changes_a_bit(card: Card) -> None:
    weights, batch = installed(card), pictures(card)
    first = answers(load(weights), batch)
    for threads in (1, 2, 3):
        net = load(weights, threads)
        for _ in range(2):
            for name, again in answers(net, batch).items():
                np.testing.assert_array_equal(again, first[name])


def test_yunet_is_what_its_card_describes(home: Path) -> None:
    card = read_card("yunet-2023mar")
    file = (
        install_root().parent / "shared" / "data" / "models" / "face_detection_yunet_2023mar.onnx"
    )
    if not file.is_file():
        pytest.skip("../shared is not here; it holds YuNet's weights")
    card.save(home / card.id / "card.json")
    fetch_models([card.id], file=file, home=home)
    net = SessionPool(home=home).session(card.id, "cpu")
    found = net.run(np.zeros(card.inputs[0].shape, np.float32))
    assert net.inputs == tuple(tensor.name for tensor in card.inputs)
    assert {name: answer.shape for name, answer in found.items()} == {
        tensor.name: tensor.shape for tensor in card.outputs
    }


def record() -> None:
    """Write what the TFLite runtime answers for every net."""
    from ai_edge_litert.interpreter import Interpreter

    from likeness_engine.models.fetch import _arrivals
    from likeness_engine.models.progress import silent

    recorded: dict[str, np.ndarray] = {}
    for card, _, content in _arrivals(CONVERTED, silent, None):
        runtime = Interpreter(model_content=content)
        runtime.allocate_tensors()
        single = []
        for picture in pictures(card):
            runtime.set_tensor(runtime.get_input_details()[0]["index"], picture[None])
            runtime.invoke()
            details = runtime.get_output_details()
            single.append({d["name"]: runtime.get_tensor(d["index"]) for d in details})
        for tensor in card.outputs:
            together = np.concatenate([answer[tensor.name] for answer in single])
            recorded[f"{card.id}/{tensor.name}"] = kept(together)
    np.savez_compressed(ANSWERS, **recorded)  # type: ignore[arg-type]


if __name__ == "__main__":
    record()
