"""What a misspelt word means, and when it can mean nothing else."""

from __future__ import annotations

import pytest

from composer.language.nearness import Nearest, Nearness, nearest

FIELDS = ("type", "weight", "mask", "per", "gamma", "y_true", "y_pred")
LOSSES = {"huber_loss": "huber", "smooth_l1": "huber", "mse": "mean_squared_error"}


@pytest.mark.parametrize(
    ("word", "known", "near", "meant"),
    [
        ("wieght", FIELDS, "weight", "weight"),
        ("Weight", FIELDS, "weight", "weight"),
        ("gama", FIELDS, "gamma", "gamma"),
        ("maskk", FIELDS, "mask", "mask"),
        ("pre", FIELDS, "per", "per"),
        ("epr", FIELDS, "per", "per"),
        ("y_prde", FIELDS, "y_pred", "y_pred"),
        ("wieghht", FIELDS, "weight", "weight"),
        ("depth_map", ("depth", "scene"), "depth", None),  # not near enough to be sure
        ("loss1", ("loss_1", "loss_2"), "loss_1", "loss_1"),
        ("head_3", ("head_1", "head_2"), "head_2", None),  # either
        ("depht_a", ("depth_a", "depth_b"), "depth_a", "depth_a"),
        ("mask_r", ("mask_l", "x"), "mask_l", None),  # the other one is missing
        ("alpha2", ("alpha1",), "alpha1", None),
        ("ytrue", ("y_true", "step"), "y_true", "y_true"),
        ("b", ("a", "c"), None, None),  # one letter says nothing
        ("MASK", ("mask", "Mask"), "Mask", None),
        ("banana", FIELDS, None, None),
    ],
)
def test_a_near_word(word: str, known: tuple[str, ...], near: str | None, meant: str | None):
    found = nearest(word, known, noun="fields")
    assert (found.near, found.meant) == (near, meant)
    listing = ", ".join(f"`{name}`" for name in known)
    assert found.help == (f"did you mean `{near}`?" if near else f"fields: {listing}")


def test_words_that_stand_for_one_are_no_rivals():
    known = ["huber", *LOSSES]
    assert nearest("hubber", known, means=LOSSES).meant == "huber"
    assert nearest("hubr_loss", known, means=LOSSES) == Nearest(
        "did you mean `huber_loss`?", "huber", "huber_loss"
    )


def test_of_nothing_nothing_is_near():
    assert nearest("a", ()) == Nearest(None)


def test_a_thousand_words_among_a_thousand_are_not_all_looked_for():
    nearness = Nearness(pairs=2_500)
    known = [f"name_{number:03d}" for number in range(1_000)]
    found = [nearness.nearest(f"{name}x", known).near for name in known[:5]]
    assert found == ["name_000", "name_001", None, None, None]
    assert nearness.nearest("name_0", ["name_1"]).help == "known: `name_1`"
