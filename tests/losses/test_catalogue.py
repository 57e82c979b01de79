"""The table of contents against the classes, and the names of other libraries against it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import composer.losses
from composer.losses import CATALOGUE, find
from composer.losses.base import Loss
from composer.losses.names import ELSEWHERE

every_type = pytest.mark.parametrize("name", CATALOGUE)


def classes_of_all_families():
    for info in pkgutil.iter_modules(composer.losses.__path__):
        module = importlib.import_module(f"composer.losses.{info.name}")
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if (
                issubclass(cls, Loss)
                and not inspect.isabstract(cls)
                and cls.__module__ == module.__name__
            ):
                yield info.name, cls


def test_every_class_is_in_the_table():
    found = {
        cls.model_fields["type"].default: f"{f}:{cls.__name__}"
        for f, cls in classes_of_all_families()
    }
    assert found == CATALOGUE


@every_type
def test_type_is_the_key_of_the_table(name):
    assert find(name).model_fields["type"].default == name


@every_type
def test_every_role_is_a_field(name):
    fields = set(find(name).model_fields)
    assert set(find(name).signature.inputs) <= fields


@every_type
def test_values_takes_the_roles_and_the_state(name):
    cls = find(name)
    required = {"num_classes": 2, "embedding_size": 2, "pos_weight": 1}
    roles = dict.fromkeys(("anchor", "positive", "negative"), "y_pred.x")
    given = {k: v for k, v in (required | roles).items() if k in cls.model_fields}
    loss = cls(**given)
    arguments = list(inspect.signature(cls.values).parameters)[1:]
    assert arguments == [*loss.bound_signature().roles, *loss.state()]


@every_type
def test_docstring_says_what_it_measures_how_and_after_whom(name):
    doc = inspect.getdoc(find(name))
    first, blank, formula = doc.splitlines()[:3]
    assert first.endswith(".")
    assert blank == ""
    assert formula.startswith("    values = ")
    reference = " ".join(doc.partition("Reference: ")[2].split())
    assert '"' in reference
    assert any(
        word.strip(".;:,").isdecimal() and len(word.strip(".;:,")) == 4
        for word in reference.split()
    )
    for parameter in find(name).model_fields:
        if parameter not in Loss.model_fields:
            assert parameter.rstrip("_") in doc, f"{parameter} is not explained"


@every_type
def test_json_schema_exists(name):
    assert find(name).model_json_schema()["properties"]["type"]["const"] == name


def test_unknown_types_raise():
    with pytest.raises(KeyError):
        find("hubert")


def test_names_elsewhere_lead_to_the_table():
    assert len(ELSEWHERE) >= 80
    assert set(ELSEWHERE.values()) == set(CATALOGUE)
    assert not set(ELSEWHERE) & set(CATALOGUE)
    assert all(name == name.lower() for name in ELSEWHERE)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("mse", "mean_squared_error"),
        ("MSELoss", "mean_squared_error"),
        ("L1Loss", "absolute_difference"),
        ("SmoothL1Loss", "huber"),
        ("CrossEntropyLoss", "sparse_softmax_cross_entropy"),
        ("BCEWithLogitsLoss", "sigmoid_cross_entropy"),
        ("categorical_crossentropy", "softmax_cross_entropy"),
        ("TripletMarginLoss", "triplet"),
        ("SiLogLoss", "silog"),
        ("sum_of_squares", "mean_squared_error"),
        ("sum_of_pairwise_squares", "mean_pairwise_squared_error"),
    ],
)
def test_names_elsewhere(name, ours):
    assert ELSEWHERE[name.lower()] == ours
