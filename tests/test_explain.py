"""`losscomp explain` and `losscomp losses`: whole pages, and examples that check and build."""

from __future__ import annotations

import json
import re
from typing import ClassVar, Literal

import numpy as np
import pytest

from composer import Loss, Signature, build_total_loss
from composer.codes import CATALOGUE as CODES
from composer.command.drawing import draw_batch
from composer.command.exits import USAGE, StopError
from composer.command.explaining import codes_text, explained, listed
from composer.losses import CATALOGUE, find
from composer.losses.names import ELSEWHERE
from composer.pages.facts import facts_of
from composer.pages.markdown import fence, loss_markdown, prose
from composer.reading import examine_text
from tests.command import environment, losscomp

every_type = pytest.mark.parametrize("name", CATALOGUE)

HUBER = """\
huber (loss)

  Quadratic within `delta` of the target, linear beyond it.

      values = 0.5·e² where |e| ≤ delta, else delta·(|e| − 0.5·delta),   e = y_pred − y_true

Tensors
  y_true  number[...]  any number
  y_pred  float[...]   any number
  values  float[...]   one for each element
  `float` is any dtype of floats, `int` any of integers, `number` any dtype at
  all; `...` is any number of axes, the same ones wherever it stands; axes of
  one name have one size.

Parameters
  delta  A number from 1e-30 to 1e+30; by default 1.0.
         The error at which the quadratic part ends, in the unit of `y_true`.
  Besides those of every loss: `name`, `weight`, `mask`, `reduction`, `y_true`,
  `y_pred`.

Domain
  All numbers.

Units
  Those of `y_true`, squared.

Mask
  An element loss: masks and tensor weights align with the values at the left.

Coupling
  A value depends on its own place alone.

Reference
  Huber, "Robust Estimation of a Location Parameter", 1964.

Elsewhere
  huber_loss, huberloss, smooth_l1, smooth_l1_loss, smoothl1, smoothl1loss

Example
  tensors:
    y_true:
      example: float32[batch]
    y_pred:
      example: float32[batch]
  tasks:
    example:
      loss: huber
"""

DICE = """\
# `dice`

How badly the predicted and the true region of a class overlap.

```text
values = 1 − (2·Σ p·g + smooth) / (Σ p² + Σ g² + smooth),   p = y_pred, g = y_true
```

The sums run over the pixels kept. With logits at hand, write `y_pred: softmax(y_pred)`.

## Tensors

| tensor | dtype and axes | what it holds |
|---|---|---|
| `y_true` | `number[batch, ..., classes]` | probabilities, from 0 to 1 |
| `y_pred` | `float[batch, ..., classes]` | probabilities, from 0 to 1 |
| `values` | `float[batch, classes]` | one for each sample and each of `classes` |

- With `per: batch`, `values` is `float[classes]`: one for each of `classes`.
- With `per: batch`, a value depends on the whole batch: what replicas or accumulation steps find of it does not add up to the number of one device.
- With `sparse: true`, `y_true` is `int[batch, ...]`: class numbers, from 0 to below `classes`.

`float` is any dtype of floats, `int` any of integers, `number` any dtype at all; `...` is any number of axes, the same ones wherever it stands; axes of one name have one size.

## Parameters

- `per`: `image` or `batch`; by default image. Sums over an `image`, or over the whole `batch`.
- `smooth`: a number from 0 to 1e+30; by default 1.0. Pulls the values of small regions towards 0, and lets a class that is absent still push its p down; in pixels.
- `sparse`: `true` or `false`; by default false. Takes class numbers as targets.

Besides those of every loss: `name`, `weight`, `mask`, `reduction`, `y_true`, `y_pred`.

## Domain

Probabilities and targets from 0 to 1. With `smooth: 0` a region that is empty in both has the value 0 and gradient 0.

## Units

None; the values are from 0 to 1, as p and g are.

## Mask

A region loss: the mask may be as fine as `bool[batch, ...]`, and what it drops leaves the inner sums; a tensor weight has the shape of the values.

## Coupling

A value depends on its whole sample.

## Reference

Milletari, Navab and Ahmadi, "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation", 2016.

## Elsewhere

`dice_coefficient`, `dice_loss`, `diceloss`, `soft_dice`, `soft_dice_loss`, `sorensen_dice`, `vnet_dice`

## Example

```yaml
tensors:
  y_true:
    example: float32[batch, h, w, classes]
  y_pred:
    example: float32[batch, h, w, classes]
tasks:
  example:
    loss:
      type: dice
      y_pred: softmax(y_pred)
```
"""

LOSSES = """\
type                          y_pred            parameters

Losses of real numbers, element by element.
absolute_difference           numbers
    The distance between prediction and target.
mean_squared_error            numbers
    The square of the difference; the mean is the reduction's.
huber                         numbers           delta=1.0
    Quadratic within `delta` of the target, linear beyond it.

Losses of a region: one value for a sample, a class or the batch, from all it
keeps.
mean_pairwise_squared_error   numbers           unbiased=true
"""


def test_a_page_in_a_terminal():
    assert explained("huber") == HUBER


def test_a_page_of_the_documentation():
    assert loss_markdown("dice") == DICE


def test_a_page_under_a_heading_of_another_level():
    shifted = re.sub("^#", "###", DICE, flags=re.MULTILINE)
    assert loss_markdown("dice", level=3) == shifted


@pytest.mark.parametrize("word", ["mse", "MSE", "tf.keras.losses.MSE", "MSELoss"])
def test_a_name_from_elsewhere(word):
    first, _, page = explained(word).partition("\n\n")
    assert first == f"What `{word}` is elsewhere is `mean_squared_error` here."
    assert page == explained("mean_squared_error")


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("hubert", "did you mean `huber`?"),
        ("shape-mismach", "did you mean `shape-mismatch`?"),
        ("MSELos", "what `mseloss` is elsewhere is `mean_squared_error` here"),
        ("qqq", "`losscomp explain` lists the codes, `losscomp losses` the losses"),
        ("", "`losscomp explain` lists the codes, `losscomp losses` the losses"),
    ],
)
def test_a_word_that_is_neither(word, help):
    with pytest.raises(StopError) as caught:
        explained(word)
    assert str(caught.value) == f"there is no code and no loss `{word}`: {help}"
    assert caught.value.exit_code == USAGE


def test_a_code_has_its_page():
    assert explained("shape-mismatch").startswith("shape-mismatch (error)\n\n")


def test_every_code_is_listed_once_with_its_summary():
    lines = codes_text().splitlines()
    listed = [line.split()[0] for line in lines if re.match(r"  \S+  +\S", line)]
    assert sorted(listed) == sorted(CODES)
    assert "  shape-mismatch            Shapes that do not go together." in lines
    assert all(len(line) <= 80 for line in lines)


def test_no_name_is_a_code_and_a_loss():
    assert not set(CODES) & ({*CATALOGUE} | {*ELSEWHERE})


@every_type
def test_an_example_checks_without_a_word_and_builds(name):
    text = facts_of(find(name)).example
    spec, problems, _ = examine_text(text, "example.yaml")
    assert problems == []
    assert [loss.type for loss in spec.tasks["example"].loss] == [name]
    total, _ = build_total_loss(spec)(*draw_batch(spec))
    assert np.isfinite(float(total))


@every_type
def test_a_page_leaves_nothing_out(name):
    facts = facts_of(find(name))
    assert facts.summary.endswith(".")
    assert facts.formula[0].startswith("values = ")
    assert facts.units.endswith(".")
    assert facts.domain.endswith(".")
    assert facts.reference.endswith(".")
    assert facts.elsewhere
    assert all(each.description.endswith(".") for each in facts.parameters)
    page, markdown = explained(name), loss_markdown(name)
    for line in (*facts.formula, *facts.example.splitlines()):
        assert line in page
        assert line in markdown
    told = " ".join(page.split())
    for text in (facts.summary, facts.domain[1:], facts.units[1:], facts.mask[1:], facts.reference):
        assert text in told


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("huber", "one for each element"),
        ("silog", "one for each sample"),
        ("dice", "one for each sample and each of `classes`"),
        ("softmax_cross_entropy", "one for each vector along `classes`"),
        ("cosine_distance", "one for each vector along `n`; the axis stays, with size 1"),
        ("center", "one for each sample"),
    ],
)
def test_what_a_value_is_of(name, values):
    assert facts_of(find(name)).tensors[-1].holds == values


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("silog", ["a number from 0 to 1", "`true` or `false`"]),
        ("center", ["a whole number from 1 to 1048576", "a whole number from 1 to 65536",
                    "a number from 0 to 1"]),
        ("weighted_cross_entropy", ["a number from 0 to 1e+30, or a list of one for each class"]),
        ("cosine_distance", ["a whole number from -8 to 8, not 0", "`true` or `false`"]),
        ("triplet", ["a number from 0 to 1e+30", "`squared_euclidean`, `euclidean` or `cosine`"]),
    ],
)  # fmt: skip
def test_what_a_parameter_takes(name, takes):
    assert [each.takes for each in facts_of(find(name)).parameters] == takes


def test_a_spelling_from_elsewhere():
    first, _, page = explained("tf.keras.losses.Huber").partition("\n\n")
    assert first == "What `tf.keras.losses.Huber` is elsewhere is `huber` here."
    assert page == HUBER


@pytest.mark.parametrize(
    ("name", "variants"),
    [
        ("huber", ()),
        ("hinge", ("with `labels: signed`, `y_true` holds labels -1 and 1",)),
        (
            "cosine_distance",
            (
                "with `normalize: true`, `y_true` holds any number",
                "with `normalize: true`, `y_pred` holds any number",
            ),
        ),
    ],
)
def test_what_other_parameters_change(name, variants):
    assert facts_of(find(name)).variants == variants


def test_what_a_loss_carries_along():
    assert "  It carries `centers` from step to step; checkpoints hold it.\n" in explained("center")
    assert "State" not in explained("huber")


class Bare(Loss):
    type: Literal["bare"] = "bare"
    odd: set[int]
    signature: ClassVar[Signature] = Signature("y_pred=bool[batch, 7] -> float[batch]")

    def values(self, y_pred):
        return y_pred


def test_a_loss_of_ones_own_that_says_little():
    page = explained("bare", [Bare])
    assert page.startswith("bare (loss)\n\nTensors\n  y_pred  bool[batch, 7]  `true` and `false`\n")
    assert "  odd  What its class takes; required.\n" in page
    assert "Example" not in page
    assert "bare" in listed("text", [Bare])


OWN = '''
"""Losses of poses."""
from typing import ClassVar, Literal
from composer import Loss, Signature

class Pose(Loss):
    """Distance of poses.\x1b[31m

    Attributes:
        beta: what a turn counts | as *much* as.
    """

    type: Literal["pose"] = "pose"
    beta: float = 1.0
    signature: ClassVar[Signature] = Signature("y_true=number[batch, 7], y_pred=float[batch, 7] -> float[batch]")

    def values(self, y_true, y_pred):
        return y_pred
'''


def test_a_loss_of_ones_own(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    page = losscomp("explain", "pose", "--losses", "own.py", cwd=tmp_path).stdout
    assert "  Distance of poses.\\u{1b}[31m\n" in page
    assert "  beta  A number; by default 1.0.\n        What a turn counts | as *much* as.\n" in page
    table = losscomp("losses", "--losses", "own.py", cwd=tmp_path).stdout
    assert "\nLosses of poses.\npose                          numbers           beta=1.0\n" in table
    rows = losscomp("losses", "--format", "markdown", "--losses", "own.py", cwd=tmp_path).stdout
    assert rows.endswith("| `pose` | Distance of poses.\\\\u{1b}\\[31m | numbers | `beta=1.0` |\n")


def test_the_command_ends_with_2_for_a_word_that_is_neither(tmp_path):
    outcome = losscomp("explain", "hub\x1ber", cwd=tmp_path)
    assert (outcome.code, outcome.stdout) == (2, "")
    assert (
        outcome.stderr
        == "error: there is no code and no loss `hub\\u{1b}er`: did you mean `huber`?\n"
    )


def test_the_losses_in_a_terminal():
    text = listed("text")
    assert text.startswith(LOSSES)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert [line.split()[0] for line in text.splitlines() if line.split()[:1] and line.split()[0] in CATALOGUE] == [*CATALOGUE]  # fmt: skip


def test_the_losses_as_markdown():
    head, rule, *rows = listed("markdown").splitlines()
    assert (head, rule) == ("| type | what it is | `y_pred` | parameters |", "|---|---|---|---|")
    assert rows[2] == (
        "| `huber` | Quadratic within `delta` of the target, linear beyond it. | numbers "
        "| `delta=1.0` |"
    )
    assert len(rows) == len(CATALOGUE)


def test_the_losses_as_json():
    told = {each["type"]: each for each in json.loads(listed("json"))}
    assert list(told) == list(CATALOGUE)
    assert told["silog"]["parameters"][0] == {
        "name": "lambda",
        "takes": "a number from 0 to 1",
        "is_required": False,
        "default": 0.5,
        "description": "how much of a common factor is forgiven: nothing at 0, where it is the "
        "plain error of the logarithm; all of it at 1.",
    }


def test_a_style_that_there_is_not():
    with pytest.raises(StopError, match=r"^`--format` is one of `text`, `markdown`, `json`, found"):
        listed("xml")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a `b|c*d` e", "a `b|c*d` e"),
        ("a_b *c* [d](e) <f>&", r"a\_b \*c\* \[d\](e) &lt;f&gt;&amp;"),
        ("an open ` tick", r"an open \` tick"),
        ("|", r"\|"),
    ],
)
def test_prose_is_marked_up_by_its_backticks_alone(text, written):
    assert prose(text) == written


def test_a_fence_is_longer_than_the_ticks_in_it():
    assert fence("yaml", ["a: ````"]) == "`````yaml\na: ````\n`````"


@pytest.mark.parametrize("words", [[], ["huber"], ["unknown-field"]])
def test_without_docstrings_there_is_nothing_to_tell(words, tmp_path):
    """Under `python -OO`."""
    outcome = losscomp("explain", *words, cwd=tmp_path, env=environment(PYTHONOPTIMIZE="2"))
    assert (outcome.code, outcome.stdout, outcome.stderr) == (
        2,
        "",
        "error: Python runs without docstrings (-OO), and they are what there is to tell\n",
    )
