"""Workers: two processes in step are one device; those of a parameter server are each their own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scripts.equality.cluster import run
from tests.training.linear import weights_of
from tests.training.shared_out import FEATURES, PEOPLE, ROW, WITH_A_NAN, batches, faces, fit

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def workers():
    """What each of two workers found."""
    program = Path(__file__).with_name("worker.py")
    return [json.loads(output) for output in run([program], workers=2)]


def test_both_find_the_same_numbers_to_the_last_bit(workers):
    first, second = workers
    assert first["replicas"] == 2
    for part in ("trained", "skipped", "loop"):
        assert first[part] == second[part]


def test_a_training_is_that_of_one_device(workers):
    found = workers[0]["trained"]
    one = faces()
    data = batches(x=FEATURES, y=PEOPLE)
    wanted = fit(one, data, validation_data=data, epochs=2)
    assert set(found["history"]) == set(wanted)
    for name, numbers in wanted.items():
        np.testing.assert_allclose(found["history"][name], numbers, rtol=1e-6, err_msg=name)
    for name, number in one.evaluate(data, verbose=0, return_dict=True).items():
        np.testing.assert_allclose(found["evaluated"][name], number, rtol=1e-6, err_msg=name)
    np.testing.assert_allclose(np.ravel(found["weights"]), weights_of(one), rtol=1e-6)
    np.testing.assert_allclose(found["centers"], one.total_loss.variables[0], rtol=1e-6)


def test_all_leave_out_a_term_that_is_nan_on_one(workers):
    found = workers[0]["skipped"]
    one = faces("skip_term")
    fit(one, batches(x=FEATURES[::-1], y={name: y[::-1] for name, y in WITH_A_NAN.items()}))
    assert found["rows"][ROW]["skipped"] == 1
    assert found["first_nonfinite"] == one.rows.first_nonfinite.numpy().tolist()
    np.testing.assert_allclose(np.ravel(found["weights"]), weights_of(one), rtol=1e-6)
    np.testing.assert_allclose(found["centers"], one.total_loss.variables[0], rtol=1e-6)


def test_reduce_gives_the_breakdown_of_one_device(workers):
    found = workers[0]["loop"]
    np.testing.assert_allclose(found["total"], 25 / 3, rtol=1e-6)
    np.testing.assert_allclose(found["rows"][ROW], [25 / 3, 1, 25 / 3, 3], rtol=1e-6)


def test_keras_alone_trains_no_workers(workers):
    """What `fit` of ours goes round: it adds up batches, and means of numbers along an axis."""
    building, logging = workers[0]["keras"]
    assert building.startswith("ValueError: Attempt to convert a value (PerReplica:")
    assert "Invalid reduction dimension 0 for input with 0 dimensions" in logging


@pytest.fixture(scope="module")
def served():
    """What two workers of a parameter server found."""
    program = Path(__file__).with_name("parameter_servers.py")
    (output,) = run([program])
    return json.loads(output)


def test_a_parameter_server_gets_the_gradient_of_each_batch_by_itself(served):
    totals, denominators, gradients = zip(*served["loop"]["calls"], strict=True)
    assert denominators == (3,) * 6
    np.testing.assert_allclose(gradients, 25 / 3, rtol=1e-6)
    # Each of six moves the weight by 0.01, and sees it as it finds it.
    np.testing.assert_allclose(served["loop"]["weight"], 0.94, rtol=1e-6)
    assert all(0.95 - 1e-6 <= total / (25 / 3) <= 1 + 1e-6 for total in totals)


def test_a_loss_with_centers_is_evaluated_there(served):
    from composer import build_total_loss
    from tests.training.shared_out import FACES

    total, _ = build_total_loss(FACES)(PEOPLE, {"face": FEATURES}, training=False)
    np.testing.assert_allclose(served["centers"]["evaluated"], [total] * 2, rtol=1e-6)


def test_a_loss_with_centers_is_not_trained_there(served):
    """Of the moves of workers out of step, some would be overwritten by others."""
    # AutoGraph, which traces what a coordinator schedules, writes its frames before the sentence.
    assert (
        served["centers"]["trained"]
        .strip()
        .endswith(
            "ValueError: a loss with variables should train under replicas in step: the workers of a "
            "ParameterServerStrategy would overwrite each other's moves of `face/center`; give "
            "`training=False`, or use a MultiWorkerMirroredStrategy"
        )
    )


def test_fit_says_that_keras_has_no_parameter_servers(served):
    assert served["fit"] == {
        "ours": "ValueError: a model should train under replicas in step: Keras has no `fit` for a "
        "ParameterServerStrategy; call the total loss in a function that a ClusterCoordinator schedules",
        "keras": "ValueError: To use this dataset, you need to pass this dataset to "
        "ClusterCoordinator.create_per_worker_dataset.",
    }
