"""The figure as data: its lines, bars and pictures, its words and their places, and its file."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree
from contextlib import contextmanager

import numpy as np
import pytest
from matplotlib.text import Text

from composer import load_spec, parse_spec
from composer.command.batch_file import read_batch
from composer.compose import TotalLoss
from composer.plots.charges import Charges, charges
from composer.plots.figure import OnBatch, draw, drawing, encode, sections_of
from composer.plots.pixels import KEPT, MASKED, NOT_FINITE, WEIGHTLESS
from composer.plots.style import COLOURS, DASHES, task_colours
from composer.report import Report, Row, report
from composer.terms import terms_of
from tests.command import ROOT

NAN = np.nan
SPEC = """\
tasks:
  depth:
    mask: y_true > 0
    loss:
      - {type: mean_squared_error, weight: "ramp(step, 0, 10)"}
      - {type: absolute_difference, weight: y_true.sure}
  pose: {loss: l2, weight: -1}
"""
DEPTH = np.array([[[1, 2, 0], [4, 5, 6]], [[1, 1, 1], [0, 0, 1]]], "float32")
BATCH = (
    {"depth": DEPTH, "sure": np.where(DEPTH == 2, 0, 1).astype("float32")},
    {"depth": DEPTH + 2, "pose": np.array([2.0, 2.0], "float32")},
)


def on_batch(spec, y_true, y_pred, step=0, source="batch.npz"):
    total_loss = TotalLoss(spec)
    return OnBatch(
        report(total_loss, y_true, y_pred, step),
        charges(total_loss, y_true, y_pred, step),
        source,
    )


@pytest.fixture(scope="module")
def numbers():
    """What SPEC comes to on BATCH at step 5."""
    return on_batch(parse_spec(SPEC), *BATCH, step=5)


@contextmanager
def drawn(spec, batch=None, title="spec.yaml", last=None):
    with drawing():
        yield draw(title, sections_of(spec, batch, last))


def texts(figure):
    """Every text that is drawn, once drawn."""
    shown = []
    original = Text.draw

    def record(self, renderer, *rest, **more):
        if self.get_visible() and self.get_text():
            shown.append(self)
        return original(self, renderer, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", record)
        figure.canvas.draw()
    return shown


def words(figure):
    return words_of(texts(figure))


def words_of(shown):
    return [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in shown]


def test_a_ramp_is_drawn_as_a_line_over_the_steps():
    spec = parse_spec("tasks: {a: {loss: huber, weight: 'ramp(step, 0, 1000)'}}")
    with drawn(spec) as found:
        weights, penalty = found.figure.axes
        line = weights.lines[0]
        points = np.interp([0, 500, 1000], line.get_xdata(), line.get_ydata())
        assert points == pytest.approx([0, 0.5, 1])
        assert weights.get_xlim() == (0, 1200)
        assert line.get_color() == penalty.lines[-1].get_color() == COLOURS[0]


@pytest.mark.parametrize(
    ("weights", "limits", "scale"),
    [
        (["ramp(step, 0, 10)", "1"], (0, 1.05), "linear"),
        (["-2 * ramp(step, 0, 10)", "-1"], (-2.1, 0), "linear"),
        (["ramp(step, 0, 10)", "-1"], (-1.05, 1.05), "linear"),
        (["0 * step", "0"], (0, 1), "linear"),
        (["0.01 * ramp(step, 0, 10)", "1"], (0, 1.05), "symlog"),
        (["1 / step - 1 / step"], (0, 1), "linear"),
    ],
)
def test_the_axis_of_the_weights_holds_0_and_all_lines(weights, limits, scale):
    losses = ", ".join(f"{{type: l2, name: l{i}, weight: '{w}'}}" for i, w in enumerate(weights))
    with drawn(parse_spec(f"tasks: {{a: {{loss: [{losses}]}}}}")) as found:
        axes = found.figure.axes[0]
        assert axes.get_ylim() == pytest.approx(limits)
        assert (axes.get_yscale(), axes.get_xscale()) == (scale, "linear")
        assert overlaps(found.figure, texts(found.figure)) == ([], [])


def test_the_marked_step_stands_on_the_axis(numbers):
    with drawn(parse_spec(SPEC), numbers) as found:
        marks = [line for line in found.figure.axes[0].lines if list(line.get_xdata()) == [5, 5]]
        assert len(marks) == 1
        assert "the batch is at step 5" in words(found.figure)


def test_weights_that_stand_still_are_a_list():
    with drawn(parse_spec("tasks: {a: {loss: [huber, {type: l2, weight: 0.5}]}}")) as found:
        assert len(found.figure.axes) == 2  # the two penalties
        said = words(found.figure)
        assert {"spec.yaml", "Scalar weight of each loss: the same at every step"} <= set(said)
        assert said.index("1") < said.index("a/huber") < said.index("0.5") < said.index("a/l2")


def test_bars_are_the_breakdown(numbers):
    spec = parse_spec(SPEC)
    total_loss = TotalLoss(spec)
    total, breakdown = total_loss(*BATCH, step=5)
    with drawn(spec, numbers) as found:
        (bars,) = [axes for axes in found.figure.axes if axes.containers]
        assert [bar.get_width() for bar in bars.patches] == [
            float(row.weighted) for row in breakdown.values()
        ]
        # 0.5·4, 1·2 and −1·(2²/2): together 2.
        assert [bar.get_width() for bar in bars.patches] == [2, 2, -2]
        assert float(total) == 2
        said = words(found.figure)
        assert "What each loss adds to the total of 2: batch.npz, step 5" in said
        assert said.count("33.3 %") == 3
        first, _, last = bars.patches
        assert first.get_facecolor() != last.get_facecolor()


def test_a_term_that_is_no_number_has_a_word_in_place_of_its_bar():
    spec = parse_spec(SPEC)
    y_true, y_pred = BATCH
    broken = y_pred | {"pose": np.array([NAN, 2], "float32")}
    with drawn(spec, on_batch(spec, y_true, broken, step=5)) as found:
        (bars,) = [axes for axes in found.figure.axes if axes.containers]
        assert [bar.get_width() for bar in bars.patches] == [2, 2]
        said = words(found.figure)
        assert "✕ not a number" in said
        assert "What each loss adds to the total, which is not finite: batch.npz, step 5" in said
        assert "not finite: pose/l2: y_pred.pose is nan at [0], and no mask removes it" in said


def test_the_maps_show_the_charge_of_each_pixel_and_the_mask(numbers):
    found = numbers.charges
    (block,) = found.blocks
    assert found.without == ("pose/l2",)
    assert [(image.name, image.kind) for image in block.images] == [
        ("y_true.depth", "value"), ("y_pred.depth", "value"),
    ]  # fmt: skip
    squares, distances = block.charges
    kept = DEPTH > 0
    assert (squares.states == np.where(kept, KEPT, MASKED)).all()
    assert (squares.values == np.where(kept, 0.5 * 4, 0)).all()
    expected = np.where(kept, np.where(DEPTH == 2, WEIGHTLESS, KEPT), MASKED)
    assert (distances.states == expected).all()


def test_pictures_hold_the_numbers_and_leave_out_the_mask(numbers):
    with drawn(parse_spec(SPEC), numbers) as found:
        pictures = [axes.images[0].get_array() for axes in found.figure.axes if axes.images]
        # Target, prediction and two losses, of two samples each.
        assert len(pictures) == 8
        assert (pictures[0] == DEPTH[0]).all()
        assert (pictures[4].mask == ~(DEPTH[0] > 0)).all()
        assert (pictures[4].compressed() == 2).all()
        said = words(found.figure)
        assert said.count("16.7 % masked") == 1
        assert (said.count("16.7 % masked,"), said.count("16.7 % weight 0")) == (1, 1)
        assert said.count("33.3 % masked") == 2
        assert {"masked", "weight 0", "sample 0", "sample 1"} <= set(said)
        assert "no map, for the values are no images: pose/l2" in said


def test_one_pixel_that_is_not_finite_is_found_in_any_sample():
    spec = parse_spec("tasks: {depth: {loss: mean_squared_error}}")
    y_true = {"depth": np.zeros((9, 4, 4, 1), "float32")}
    y_pred = {"depth": np.zeros((9, 4, 4, 1), "float32")}
    y_pred["depth"][7, 2, 3] = NAN
    (block,) = charges(TotalLoss(spec), y_true, y_pred, 0).blocks
    assert block.samples == (7, 0, 1)
    assert block.charges[0].states[0, 2, 3] == NOT_FINITE
    with drawn(spec, on_batch(spec, y_true, y_pred)) as found:
        said = words(found.figure)
        assert {"sample 0", "sample 1", "sample 7", "and 6 more samples, not drawn"} <= set(said)
        assert said.count("1 not finite") == 2  # of the prediction and of the loss


def test_terms_that_are_off_or_no_images_have_no_map():
    spec = parse_spec(
        "tasks: {a: {loss: huber, weight: 'ramp(step, 1, 2)'}, b: {loss: huber}, c: {loss: huber}}"
    )
    side = {
        "a": np.ones((2, 4, 4), "float32"),
        "b": np.ones((2, 100, 4), "float32"),
        "c": np.ones((2, 4, 4, 3), "float32"),
    }
    found = charges(TotalLoss(spec), side, side, 0)
    assert (found.blocks, found.off, found.without) == ((), ("a/huber",), ("b/huber", "c/huber"))


def test_class_numbers_are_shown_as_classes():
    spec = parse_spec("tasks: {s: {loss: sparse_softmax_cross_entropy, mask: y_true != 255}}")
    labels = np.array([[[0, 1], [2, 255]]], "uint8")
    logits = np.zeros((1, 2, 2, 3), "float32")
    logits[..., 1] = 5
    (block,) = charges(TotalLoss(spec), {"s": labels}, {"s": logits}, 0).blocks
    target, prediction = block.images
    assert (target.classes, prediction.classes) == (3, 3)
    assert prediction.name == "argmax of y_pred.s"
    assert (prediction.values == 1).all()


LONG = "n" * 64
MANY = "tasks:\n" + "".join(
    f"  task_{i}_{LONG[:40]}:\n"
    f"    weight: {f'ramp(step, 0, {100 * 3**i})' if i % 3 else i + 0.5}\n"
    f"    loss: [{{type: huber, delta: {i + 1}, name: {LONG}}}, absolute_difference]\n"
    for i in range(20)
)  # fmt: skip
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def overlaps(figure, shown):
    """Texts that leave the figure, and pairs of them that lie on each other."""
    renderer = figure.canvas.get_renderer()
    boxes = [(text, text.get_window_extent(renderer).padded(-1.5)) for text in shown]
    page = figure.bbox.padded(1)
    outside = [
        text.get_text() for text, box in boxes
        if box.x0 < page.x0 or box.x1 > page.x1 or box.y0 < page.y0 or box.y1 > page.y1
    ]  # fmt: skip
    return outside, [
        (a.get_text(), b.get_text())
        for (a, one), (b, other) in itertools.combinations(boxes, 2)
        if one.overlaps(other)
    ]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_the_words_of_the_shipped_specs_never_meet(config):
    with drawn(load_spec(config)) as found:
        assert overlaps(found.figure, texts(found.figure)) == ([], [])


@pytest.mark.parametrize("config", ["stereo", "stereo_unmasked"])
def test_the_words_of_the_stereo_pair_never_meet(config):
    spec = load_spec(ROOT / "configs" / f"{config}.yaml")
    batch = on_batch(spec, *read_batch(str(ROOT / "configs/data/aloe_stereo.npz")))
    with drawn(spec, batch) as found:
        assert overlaps(found.figure, texts(found.figure)) == ([], [])


@pytest.mark.parametrize("maps", [False, pytest.param(True, marks=pytest.mark.full)])
def test_the_words_of_twenty_tasks_with_long_names_never_meet(maps):
    spec = parse_spec(MANY)
    names = list(spec.tasks)
    side = {name: np.ones((2, 6, 8), "float32") for name in names}
    rows = tuple(
        Row(term.name, 1.0, 1.0, NAN if i % 7 == 3 else -1e-9 * i, 1.0, NAN, 1.0, 0.0)
        for i, term in enumerate(terms_of(spec))
    )
    numbers = Report(rows, NAN, 1, tuple(f"{LONG}/{i}: is nan" for i in range(9)))
    images = charges(TotalLoss(spec), side, side, 1) if maps else Charges((), (LONG,) * 99)
    batch = OnBatch(numbers, images, LONG * 4)
    with drawn(spec, batch, title=LONG * 9) as found:
        shown = texts(found.figure)
        assert overlaps(found.figure, shown) == ([], [])
        said = words_of(shown)
        assert "and 10 more terms, not drawn" in said  # of the bars
        assert any(line.startswith("and 9 more distinct losses, not drawn") for line in said)
        assert any("…" in line for line in said)
        assert found.figure.get_figheight() < 45


def test_two_hundred_terms_make_no_larger_figure():
    text = "tasks:\n" + "".join(
        f"  t{i}: {{loss: {{type: huber, delta: {i + 1}}}, weight: 'ramp(step, 0, {i + 9})'}}\n"
        for i in range(200)
    )
    with drawn(parse_spec(text)) as found:
        assert found.figure.get_figheight() < 20
        assert "and 176 more terms, not drawn" in words(found.figure)


HOSTILE = "<script>alert(1)</script>"
NAMES = [HOSTILE, "$x_{1}$ & \\frac", "-->]]>", "深度", '"onload="x']


def quoted(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def hostile():
    """A spec whose tensors have the names, and a side of a batch with them."""
    tasks = {
        f"t{i}": {"y_true": f"y_true[{quoted(name)}]", "y_pred": f"y_pred[{quoted(name)}]"}
        for i, name in enumerate(NAMES)
    }
    spec = load_spec({"tasks": {key: task | {"loss": "huber"} for key, task in tasks.items()}})
    return spec, {name: np.ones((1, 4, 4), "float32") for name in NAMES}


def test_names_are_shown_as_they_are_and_never_as_markup():
    spec, side = hostile()
    source = f"{HOSTILE}\u202e\x1b[31m"
    with drawn(spec, on_batch(spec, side, side, source=source), title=HOSTILE) as found:
        said = words(found.figure)
        assert {HOSTILE, *(f"y_true.{name}" for name in NAMES[:3])} <= set(said)
        total = "What each loss adds to the total of 0: "
        assert f"{total}{HOSTILE}\\u{{202e}}\\u{{1b}}[31m" in said
        data = encode(found.figure, "svg", HOSTILE)
    root = ElementTree.fromstring(data)  # noqa: S314  # made here
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "foreignObject", "a", "text"}
    assert not any(name.lower().startswith("on") for e in root.iter() for name in e.attrib)
    assert b"<script" not in data


def test_characters_without_a_glyph_are_told(monkeypatch):
    monkeypatch.setattr("composer.plots.style._FALLBACKS", ())
    spec = parse_spec("tasks: {a: {loss: huber}}")
    with drawn(spec, title="深度 Ω.yaml") as found:
        assert found.missing == {"深", "度"}
        assert "\\u{6df1}\\u{5ea6} Ω.yaml" in words(found.figure)
        encode(found.figure, "png", "x")  # Matplotlib warns of a glyph that it lacks


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_figure_gives_the_same_bytes(kind, numbers):
    files = []
    for _ in range(2):
        with drawn(parse_spec(SPEC), numbers) as found:
            files.append(encode(found.figure, kind, "title"))
    assert files[0] == files[1]
    assert b"<dc:date>" not in files[0]


def test_settings_of_the_user_do_not_come_through():
    import matplotlib as mpl

    spec = parse_spec(SPEC)
    with drawn(spec) as found:
        plain = encode(found.figure, "svg", "x")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "text.parse_math": True}):
        before = dict(mpl.rcParams)
        with drawn(spec) as found:
            assert encode(found.figure, "svg", "x") == plain
        assert dict(mpl.rcParams) == before


def test_twelve_tasks_have_twelve_colours():
    assert len(set(task_colours(f"t{i}" for i in range(12)).values())) == 12
    assert task_colours("abcdefghijklm")["m"] == COLOURS[0]
    assert len(DASHES) == 4


# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", 2009: no red cones, no green ones.
PROTAN = [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
]
DEUTAN = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
]


def lab(colour, seen):
    """CIE L*a*b* of a colour as it is seen."""
    encoded = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(encoded > 0.04045, ((encoded + 0.055) / 1.055) ** 2.4, encoded / 12.92)
    linear = np.clip(np.array(seen) @ linear, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
    )
    x, y, z = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("seen", [np.eye(3), PROTAN, DEUTAN], ids=["all", "protan", "deutan"])
def test_tasks_are_told_apart_by_colour_blind_readers(seen):
    apart = [
        np.linalg.norm(lab(a, seen) - lab(b, seen)) for a, b in itertools.combinations(COLOURS, 2)
    ]
    assert min(apart) > 7
