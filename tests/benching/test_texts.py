"""What a bench of round numbers is shown as: tables, sentences, JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from composer.command.bench.as_json import json_of
from composer.command.bench.as_text import text_of
from composer.command.bench.attribution import attribute
from composer.command.bench.measured import Measurement, Times, Traffic, Wanted
from composer.command.bench.numbers import percent, three_digits
from composer.command.bench.sentences import faults, told
from composer.command.colours import painter
from tests.benching.made import MB, MS, around, made, subject
from tests.command import RAW, ROOT

SCHEMA = json.loads((ROOT / "tests" / "schemas" / "bench.json").read_text(encoding="utf-8"))

# Everything moves 110 MB, in 11 ms at best: 10 GB/s; 90 MB take 9 ms, 20 MB take 2.
TEXT = """\
loss.yaml with tasks.depth.weight=0 on batch.npz at step 5
8 samples, predictions 50.0 MB, targets 15.0 MB; CPU, 2 threads; TensorFlow 2.21.0, losscomp 0.1.0
value and gradients, medians of 20 rounds; each term alone, without what a call by itself takes

graph                                ms     quartiles    share  at least  times    MB  of y_pred
────────────────────────────────────────────────────────────────────────────────────────────────
scene/softmax_cross_entropy (xla)   160    144 to 176   87.9 %      9.00   17.8   120       3.00
depth/huber (off)                  20.0  17.9 to 22.1   11.0 %      2.00   10.0  <0.1          -
a call by itself                   2.00  1.80 to 2.20    1.1 %         -      -     -          -
all at once, less the sum             0             -    0.0 %         -      -     -          -
────────────────────────────────────────────────────────────────────────────────────────────────
total                               182    164 to 200  100.0 %      11.0   16.5   150       3.00

xla                             ms     quartiles    share  at least  times    MB  of y_pred
───────────────────────────────────────────────────────────────────────────────────────────
scene/softmax_cross_entropy   60.0  53.9 to 66.1   75.0 %      9.00   6.67  60.0       1.50
depth/huber (off)             20.0  17.9 to 22.1   25.0 %      2.00   10.0  10.0       1.00
a call by itself              2.00  1.80 to 2.20    2.5 %         -      -     -          -
all at once, less the sum    -2.00             -   -2.5 %         -      -     -          -
───────────────────────────────────────────────────────────────────────────────────────────
total                         80.0  72.0 to 88.0  100.0 %      11.0   7.27  75.0       1.50

graph: `scene/softmax_cross_entropy` takes 87.9 % of the time. It reads 50.0 MB and writes 40.0 MB, which a copy moves in 9.00 ms at best (10.0 GB/s here); this is 17.8 times that
xla: `scene/softmax_cross_entropy` takes 75.0 % of the time. It reads 50.0 MB and writes 40.0 MB, which a copy moves in 9.00 ms at best (10.0 GB/s here); this is 6.67 times that
xla takes 0.440 of the time that graph takes for everything
`jit_compile=True` has XLA compile a whole step
`depth/huber` has the weight 0 and takes 11.0 % in graph, 25.0 % in xla, for its row alone
(off) the weight is 0 at step 5
(xla) the loss is compiled by XLA by itself, within the graph
`regularization` is what the trainer gives, and is not measured"""


def test_the_text():
    assert text_of(made()) == TEXT


def test_the_medians_of_a_table_add_up_to_its_total():
    bench = made()
    for mode in ("graph", "xla"):
        found = attribute(bench, mode)
        parts = [line.times.median for line in (*found.terms, found.call)] + [found.together]
        assert sum(parts) == pytest.approx(found.total.times.median, rel=1e-12)
        shares = [line.share for line in (*found.terms, found.call)] + [found.share]
        assert sum(shares) == pytest.approx(1, rel=1e-12)


def test_a_term_that_takes_no_longer_than_a_call_takes_nothing():
    bench = made(terms=[subject("a/huber", 1.0, (1, 1, 1), 0.5, 2)])
    assert attribute(bench, "graph").terms[0].times == Times(0, 0, 0, 0)
    assert attribute(bench, "xla").terms[0].times.median == pytest.approx(1 * MS)


def test_colours_stand_around_whole_lines():
    lines = text_of(made(), painter("always", None)).splitlines()
    assert lines[6].startswith("\x1b[") is False
    assert (
        lines[7]
        == "\x1b[2mdepth/huber (off)                  20.0  17.9 to 22.1   11.0 %      2.00   10.0  <0.1          -\x1b[0m"
    )
    assert lines[11].startswith("\x1b[1mtotal ")


def failing(bench, mode, reason):
    """The first term cannot be computed in a mode, and neither can the total."""
    first, *terms = bench.terms
    first, total = (
        replace(each, modes={**each.modes, mode: Measurement(None, reason)})
        for each in (first, bench.total)
    )
    return replace(bench, terms=[first, *terms], total=total)


def test_what_a_mode_cannot_compute_is_left_out_of_its_table():
    text = text_of(failing(made(peaks={}), "xla", "no kernel\n::for \x1b[2J"))
    xla = text[text.index("xla  ") :].splitlines()
    assert xla[2:8] == [
        "scene/softmax_cross_entropy     -             -      -      9.00      -   -          -",
        "depth/huber (off)            20.0  17.9 to 22.1      -      2.00   10.0   -          -",
        "a call by itself             2.00  1.80 to 2.20      -         -      -   -          -",
        "all at once, less the sum       -             -      -         -      -   -          -",
        "──────────────────────────────────────────────────────────────────────────────────────",
        "total                           -             -      -      11.0      -   -          -",
    ]
    assert "\n\ngraph: `scene" in text
    assert "xla takes" not in text
    assert "xla: `scene" not in text
    assert text.endswith(
        "fault: xla cannot compute `scene/softmax_cross_entropy`: no kernel\\u{a}::for \\u{1b}[2J\n"
        "fault: xla cannot compute `total`: no kernel\\u{a}::for \\u{1b}[2J"
    )
    assert not RAW.search(text)


def test_names_are_escaped():
    wanted = Wanted("a\x1b.yaml", "b\n.npz", overrides=("x\u202e=1",))
    text = text_of(made(wanted=wanted))
    assert text.startswith("a\\u{1b}.yaml with x\\u{202e}=1 on b\\u{a}.npz at step 0\n")
    terms = [subject("a\x1b[2J/huber", 1.0, (1, 1, 1), 100, 100)]
    assert not RAW.search(text_of(made(terms=terms)))


def sentence(part, **changes):
    """The one sentence of a changed bench that has these words."""
    (found,) = [line for line in told(made(**changes)) if part in line]
    return found


def test_no_term_takes_more_than_half():
    names = [f"{letter}/l2" for letter in "abcd"]
    terms = [
        subject(name, 1.0, (1, 1, 1), time + 1, 1)
        for name, time in zip(names, (10, 40, 30, 20), strict=True)
    ]
    total = replace(
        made().total, modes={mode: Measurement(around(100)) for mode in ("graph", "xla")}
    )
    assert sentence("graph: ", terms=terms, total=total) == (
        "graph: no term takes more than half; the largest: "
        "`b/l2` (40.0 %), `c/l2` (30.0 %), `d/l2` (20.0 %)"
    )


def test_a_batch_that_is_too_small():
    total = replace(
        made().total,
        traffic=Traffic(MB // 3, MB // 3, MB // 3),
        modes={"graph": Measurement(around(3)), "xla": Measurement(around(3))},
    )
    wanted = Wanted("loss.yaml", None)
    assert sentence("graph: ", total=total) == (
        "graph: a call by itself takes 66.7 % of the time; so small a batch tells little more"
    )
    assert sentence("drawn", total=total, wanted=wanted) == (
        "the batch is drawn, and small: `--batch FILE.npz` measures what you train with"
    )
    assert not [line for line in told(made(wanted=wanted)) if "drawn" in line]
    assert attribute(made(total=total), "graph").total.least is None


def test_a_small_term_among_large_ones_has_no_floor():
    terms = [subject("a/l2", 1.0, (1, 1, 1), 3, 3), subject("b/l2", 1.0, (2, 1, 1), 3, 3)]
    small, large = attribute(made(terms=terms), "graph").terms
    assert (small.least, small.factor) == (None, None)
    assert large.least == pytest.approx(0.0004)  # 4 MB at 10 GB/s
    assert large.factor == pytest.approx(5)


def test_little_is_left_to_gain():
    terms = [subject("a/l2", 1.0, (0, 50, 50), 13, 13)]
    assert sentence("xla: ", terms=terms).endswith(
        "moves in 10.0 ms at best (10.0 GB/s here); this is 1.20 times that, so there is little left "
        "to gain"
    )


@pytest.mark.parametrize(
    ("graph", "xla", "expected"),
    [
        (100, 100, ["graph and xla take the same, as far as these rounds can tell"]),
        (100, 90, ["xla and graph take the same, as far as these rounds can tell"]),
        (50, 100, ["graph takes 0.500 of the time that xla takes for everything"]),
        (
            100, 50,
            ["xla takes 0.500 of the time that graph takes for everything",
             "`jit_compile=True` has XLA compile a whole step"],
        ),
    ],
)  # fmt: skip
def test_the_faster_mode_is_told_where_the_quartiles_lie_apart(graph, xla, expected):
    modes = {"graph": Measurement(around(graph)), "xla": Measurement(around(xla))}
    lines = told(made(total=replace(made().total, modes=modes)))
    assert [
        line for line in lines if "take the same" in line or "everything" in line or "jit" in line
    ] == expected


def test_why_memory_is_not_known():
    assert sentence("memory", peaks={}, no_memory="no /proc") == "memory is not known: no /proc"
    table = text_of(made(peaks={}))
    assert "  MB  of y_pred\n" in table
    assert "9.00   17.8   -          -\n" in table


def test_a_total_that_is_not_finite():
    assert faults(made()) == []
    assert faults(made(is_finite=False)) == [
        "the total is not finite on this batch; `losscomp build` names the place"
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (1234.5, "1234"), (99.95, "100"), (99.94, "99.9"), (9.995, "10.0"),
        (9.994, "9.99"), (0.9995, "1.00"), (0.9994, "0.999"), (0.0004, "0.000"),
        (-0.0004, "0.000"), (-12.34, "-12.3"),
    ],
)  # fmt: skip
def test_three_digits(number, text):
    assert three_digits(number) == text


def test_a_share_that_is_rounded_to_none_has_no_sign():
    assert (percent(-0.0001), percent(-0.001), percent(1)) == ("0.0 %", "-0.1 %", "100.0 %")


def test_the_json():
    data = json.loads(json_of(made()))
    jsonschema.validate(data, SCHEMA)
    assert data["copy"] == {
        "bytes": 110 * MB,
        "seconds": {
            "fastest": 0.011, "lower_quartile": 0.012, "median": 0.013, "upper_quartile": 0.014,
        },
        "bytes_per_second": pytest.approx(1e10),
    }  # fmt: skip
    assert data["terms"]["depth/huber"] == {
        "weight": 0.0,
        "bytes": {"targets": 5 * MB, "predictions": 10 * MB, "gradients": 5 * MB},
    }
    assert data["total"]["weight"] is None
    row = data["modes"]["graph"]["terms"]["scene/softmax_cross_entropy"]
    assert row.pop("seconds")["median"] == pytest.approx(0.160)
    assert row == {
        "share": pytest.approx(160 / 182), "least_seconds": pytest.approx(0.009),
        "peak_bytes": 120 * MB, "has_xla": True, "failure": None,
    }  # fmt: skip
    assert data["modes"]["xla"]["together"] == {
        "seconds": pytest.approx(-0.002), "share": pytest.approx(-0.025),
    }  # fmt: skip
    assert data["findings"] == []


def test_what_is_not_known_is_null():
    bench = failing(made(peaks={}, no_memory="no /proc", samples=None), "xla", "no kernel")
    data = json.loads(json_of(bench))
    jsonschema.validate(data, SCHEMA)
    row = data["modes"]["xla"]["total"]
    assert (row["seconds"], row["share"], row["failure"]) == (None, None, "no kernel")
    assert data["modes"]["xla"]["together"] == {"seconds": None, "share": None}
    assert data["modes"]["graph"]["total"]["peak_bytes"] is None
    assert (data["samples"], data["no_memory"]) == (None, "no /proc")
    assert len(data["findings"]) == 2
