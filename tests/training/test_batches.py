"""What Keras hands a model, under the names that a spec reads."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


@pytest.fixture
def batches():
    from composer.training import batches

    return batches


def paths(y_true=(), y_pred=()):
    """The tensors that a spec reads."""
    return {
        side: tuple(tuple(name.split(".")) for name in names)
        for side, names in (("y_true", y_true), ("y_pred", y_pred))
    }


DEPTH = paths(["depth"], ["depth"])


@pytest.mark.parametrize(
    ("given", "names", "found"),
    [
        ({"depth": 1, "more": 2}, None, {"depth": 1, "more": 2}),
        ([1, 2], ["depth", "pose"], {"depth": 1, "pose": 2}),
        ((1, 2), ["depth", "pose"], {"depth": 1, "pose": 2}),
        (1, ["depth"], {"depth": 1}),
        ([1], ["depth"], {"depth": 1}),
        (1, None, {"depth": 1}),
        (None, ["depth"], {}),
    ],
    ids=["mapping", "list", "tuple", "tensor", "list of one", "no names", "nothing"],
)
def test_what_is_given_gets_the_names_of_the_outputs(batches, given, names, found):
    assert batches.by_name("y_pred", given, names, DEPTH) == found


def test_a_mapping_is_copied(batches):
    given = {"depth": 1}
    batches.by_name("y_true", given, None, DEPTH)["depth"] = 2
    assert given == {"depth": 1}


@pytest.mark.parametrize(
    ("given", "names", "read", "message"),
    [
        (
            [1], ["depth", "pose"], ["depth"],
            "y_pred should be a mapping by name, or one tensor for each output (`depth`, `pose`), found 1",
        ),
        (
            [1, 2], None, ["depth"],
            "y_pred should be a mapping by name, since the spec reads `depth`; let the model return one, such as {'depth': …}",
        ),
        (
            1, None, ["depth", "a.b"],
            "y_pred should be a mapping by name, since the spec reads `depth`, `a.b`; let the model return one, such as {'depth': …}",
        ),
    ],
    ids=["too few", "a list without names", "a tensor for two"],
)  # fmt: skip
def test_what_has_no_name_is_refused(batches, given, names, read, message):
    with pytest.raises(ValueError, match=r".") as error:
        batches.by_name("y_pred", given, names, paths(y_pred=read))
    assert str(error.value) == message


def test_a_sample_weight_is_a_target(batches):
    read = paths(["depth", "sample_weight"])
    assert batches.with_sample_weight({"depth": 1}, 2, read) == {"depth": 1, "sample_weight": 2}
    assert batches.with_sample_weight({"depth": 1}, None, read) == {"depth": 1}
    # Of a mapping, one that is read will do: Keras makes one for every target.
    read = paths(["sample_weight.depth"])
    assert batches.with_sample_weight({}, {"depth": 2, "valid": 2}, read) == {
        "sample_weight": {"depth": 2, "valid": 2}
    }


@pytest.mark.parametrize(
    ("weight", "read", "message"),
    [
        (
            1, ["depth"],
            "the spec should read the `sample_weight` that Keras gets; write `weight: y_true.sample_weight` where it applies",
        ),
        (
            {"depth": 1}, ["sample_weight"],
            "the spec should read the `sample_weight` that Keras gets; write `weight: y_true.sample_weight.depth` where it applies",
        ),
        (
            {"a": 1, "depth": 1}, ["depth"],
            "the spec should read the `sample_weight` that Keras gets; write `weight: y_true.sample_weight.depth` where it applies",
        ),
    ],
    ids=["unread", "read in one place", "neither"],
)  # fmt: skip
def test_a_sample_weight_that_the_spec_does_not_read_is_refused(batches, weight, read, message):
    with pytest.raises(ValueError, match=r".") as error:
        batches.with_sample_weight({"depth": 1}, weight, paths(read, ["depth"]))
    assert str(error.value) == message


def test_a_sample_weight_in_two_places_is_refused(batches):
    with pytest.raises(ValueError, match=r".") as error:
        batches.with_sample_weight({"sample_weight": 1}, 2, paths(["sample_weight"]))
    assert str(error.value) == (
        "y_true has `sample_weight` already; leave the argument of Keras out"
    )


def masked(mask):
    """Something that carries a Keras mask."""
    return SimpleNamespace(_keras_mask=mask)


def test_keras_masks_are_targets_under_the_paths_of_their_outputs(batches):
    y_pred = {"words": masked(1), "heads": {"tags": masked(2)}, "plain": masked(None)}
    read = paths(["keras_mask.words", "keras_mask.heads.tags"], ["words", "heads.tags", "plain"])
    assert batches.with_keras_masks({"words": 0}, y_pred, read) == {
        "words": 0,
        "keras_mask": {"words": 1, "heads": {"tags": 2}},
    }


def test_a_keras_mask_that_the_spec_does_not_read_is_refused(batches):
    y_pred = {"heads": {"tags": masked(2)}, "unread": masked(3)}
    with pytest.raises(ValueError, match=r".") as error:
        batches.with_keras_masks({}, y_pred, paths([], ["heads.tags"]))
    assert str(error.value) == (
        "the output y_pred.heads.tags carries a Keras mask, which the spec should read; "
        "write `mask: y_true.keras_mask.heads.tags`"
    )


@pytest.mark.parametrize(
    ("given", "y_pred", "names", "found"),
    [
        ({"a": 1, "depth": 2}, "tensor", ["depth"], 2),
        ({"a": 1, "depth": 2}, {"depth": "tensor"}, ["depth"], {"depth": 2}),
        ({"a": 1}, {"depth": "tensor"}, ["depth"], {"depth": None}),
        ({"a": 1, "depth": 2}, ["x", "y"], ["depth", "pose"], [2, None]),
        ({"h": {"a": 1, "b": 2}}, {"h": {"b": "x"}}, ["h"], {"h": {"b": 2}}),
        ({}, {"h": {"b": "x"}}, ["h"], {"h": None}),
        ([1, 2], {"depth": "x", "pose": "y"}, ["depth", "pose"], [1, 2]),
        (1, "tensor", ["depth"], 1),
        (None, {"depth": "x"}, ["depth"], None),
    ],
    ids=["tensor", "mapping", "missing", "list", "nested", "nested missing", "list given", "same", "none"],
)  # fmt: skip
def test_targets_stand_where_the_metrics_of_keras_look(batches, given, y_pred, names, found):
    assert batches.in_place(given, y_pred, names) == found


class TestTargetsWithoutNames:
    """What stands for the outputs in order."""

    @pytest.mark.parametrize(
        ("y_true", "y_pred", "names"),
        [
            ([1, 2], [3, 4], ["a", "b"]),
            (1, {"depth": 2}, ["depth"]),
            ({"x": 1}, {"depth": 2, "scene": 3}, ["a", "b"]),
            (None, {"depth": 2, "scene": 3}, ["a", "b"]),
        ],
    )
    def test_their_names(self, y_true, y_pred, names):
        from composer.training.batches import target_names

        assert target_names(y_true, y_pred, ["a", "b"]) == names

    def test_a_mapping_of_outputs_has_no_order(self):
        from composer.training.batches import target_names

        with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
            target_names((1, 2), {"depth": 3, "scene": 4}, ["dense", "dense_1"])
        assert str(caught.value) == (
            "y_true should be a mapping by name, as the outputs are (`depth`, `scene`), found tuple"
        )


def test_outputs_of_one_layer_share_its_name_and_need_a_mapping():
    from composer.training.batches import by_name

    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        by_name("y_pred", [1, 2], ["a", "a"], {"y_pred": [("a",)]})
    assert str(caught.value) == (
        "y_pred should be a mapping by name, since several outputs share one (`a`, `a`); "
        "let the model return a mapping"
    )
