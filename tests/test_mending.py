"""Mending a text: which edits are kept, which are not, and what speaks against these."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import example, given
from hypothesis import strategies as st

from composer.command.checked import Checked
from composer.command.fix.edits import NO_SPEC, NO_YAML, SPEC, Seen, applied
from composer.command.fix.mending import MOST_LOOKS, Mended, mend
from composer.language.diagnostics import Edit, Place, Problem, Severity

FILE = "a.yaml"


def problem(
    text: str,
    start: int,
    end: int,
    *edits: tuple[int, int, str],
    code: str = "wrong",
    message: str = "it is wrong",
    severity: Severity = "error",
    file: str = FILE,
    places: tuple[Place, ...] = (),
) -> Problem:
    """A problem with the characters from one offset to another."""
    before = text[:start].split("\n")
    line, column = len(before), len(before[-1]) + 1
    changes = tuple(Edit(file, *each) for each in edits)
    return Problem(
        code, message, file, line, column, column + end - start, None, severity, "", places, changes
    )  # fmt: skip


def words(text: str, rules: dict[str, str | None], depth: int = SPEC) -> Seen:
    """Each word that rules name is a problem, with what they have for it as its edit."""
    found = []
    for match in re.finditer(r"[^\s,]+", text):
        if match[0] in rules:
            by, span = rules[match[0]], match.span()
            edits = () if by is None else ((*span, by),)
            found.append(problem(text, *span, *edits, message=f"{match[0]} is wrong"))
    return Seen(Checked(FILE, found), depth)


def mended(text: str, **rules: str | None) -> Mended:
    return mend(text, FILE, lambda each: words(each, rules))


def messages(result: Mended) -> list[str]:
    return [each.message for each in result.seen.checked.problems]


def test_edits_keep_everything_else():
    assert applied("aXbYYc", [Edit(FILE, 1, 2, "--"), Edit(FILE, 3, 5, "")]) == "a--bc"
    assert applied("ab", [Edit(FILE, 1, 1, "\r\n")]) == "a\r\nb"


def test_several_problems_at_once_are_two_looks():
    looks = []

    def look(text: str) -> Seen:
        looks.append(text)
        return words(text, {"a": "one", "b": "two"})

    result = mend("a, b\na # b", FILE, look)
    assert (result.text, result.count) == ("one, two\none # two", 4)
    assert looks == ["a, b\na # b", "one, two\none # two"]


def test_what_is_mended_may_show_the_next_problem():
    def first(text: str) -> Seen:
        found = words(text, {"a": "b", "c": "d"}).checked.problems
        return Seen(Checked(FILE, found[:1]), SPEC)

    result = mend("a c a", FILE, first)
    assert (result.text, result.count, messages(result)) == ("b d b", 3, [])


def test_a_problem_without_edits_is_left():
    result = mended("a b", a="c", b=None)
    assert (result.text, result.count, messages(result)) == ("c b", 1, ["b is wrong"])


def test_an_edit_after_which_the_problem_is_still_there_is_dropped():
    """`a2` is as wrong as `a` was, at the same place."""
    result = mended("a b", a="a2", a2=None, b="c")
    assert (result.text, result.count, messages(result)) == ("a c", 1, ["a is wrong"])
    ((kept, objection),) = result.objections
    assert (kept.message, objection.message) == ("a is wrong", "a2 is wrong")


def test_edits_that_go_round_in_a_circle_end():
    assert mended("x", x="y", y="x").text in ("x", "y")


def test_one_bad_edit_does_not_hold_up_the_others():
    text = " ".join(["a"] * 9 + ["bad"] + ["a"] * 9)
    rules: dict[str, str | None] = {"a": "fine", "bad": "worse"}

    def look(text: str) -> Seen:
        seen = words(text, rules)
        new = [problem(text, m.start(), m.end(), code="other") for m in re.finditer("worse", text)]
        return Seen(Checked(FILE, [*seen.checked.problems, *new]), SPEC)

    result = mend(text, FILE, look)
    assert result.text == " ".join(["fine"] * 9 + ["bad"] + ["fine"] * 9)
    assert (result.count, messages(result)) == (18, ["bad is wrong"])


def after_the_edit(
    found: Problem, depths: tuple[int, int] = (SPEC, SPEC), severity: Severity = "error"
) -> Mended:
    """Mends `xx bad yy` to `xx good yy`, whereupon a problem is found."""

    def look(text: str) -> Seen:
        at = text.find("bad")
        if at < 0:
            return Seen(Checked(FILE, [found]), depths[1])
        told = problem(text, at, at + 3, (at, at + 3, "good"), severity=severity)
        return Seen(Checked(FILE, [told]), depths[0])

    return mend("xx bad yy", FILE, look)


GOOD = "xx good yy"


def test_a_new_error_elsewhere_was_hidden_until_now():
    for start, end in ((0, 2), (8, 10), (2, 3), (7, 8)):
        assert after_the_edit(problem(GOOD, start, end, code="new")).text == GOOD


def test_a_new_error_that_touches_what_was_written_speaks_against_it():
    for start, end in ((3, 7), (0, 4), (6, 10), (0, 10), (4, 5), (5, 5)):
        result = after_the_edit(problem(GOOD, start, end, code="new"))
        assert (result.text, result.count, len(result.objections)) == ("xx bad yy", 0, 1)


def test_so_does_one_that_shows_it_at_a_further_place():
    place = Place(FILE, 1, 4, 8, "first here")
    assert after_the_edit(problem(GOOD, 0, 2, code="new", places=(place,))).count == 0
    elsewhere = Place("other.yaml", 1, 4, 8, "first here")
    assert after_the_edit(problem(GOOD, 0, 2, code="new", places=(elsewhere,))).count == 1


def test_so_does_one_of_the_whole_file_but_none_of_an_override():
    whole = Problem("too-large", "it is too large", FILE, 0, 0, 0)
    assert after_the_edit(whole).count == 0
    assert after_the_edit(problem(GOOD, 3, 7, code="new", file="--set")).count == 1


def test_a_new_warning_speaks_against_a_warning_alone():
    new = problem(GOOD, 3, 7, code="new", severity="warning")
    assert after_the_edit(new).count == 1
    assert after_the_edit(new, severity="warning").count == 0


def test_a_text_of_which_less_can_be_read_is_refused():
    new = problem(GOOD, 8, 10, code="new")
    assert after_the_edit(new, (SPEC, NO_YAML)).count == 0
    assert after_the_edit(new, (SPEC, NO_SPEC)).count == 0
    assert after_the_edit(new, (NO_SPEC, NO_SPEC)).count == 1
    assert after_the_edit(new, (NO_YAML, SPEC)).count == 1


def test_broken_yaml_may_only_break_later():
    behind, before = (problem(GOOD, at, at + 2, code="new") for at in (8, 0))
    assert after_the_edit(behind, (NO_YAML, NO_YAML)).count == 1
    assert after_the_edit(before, (NO_YAML, NO_YAML)).count == 0
    assert after_the_edit(before, (NO_YAML, NO_SPEC)).count == 1


def test_what_becomes_yaml_may_still_say_the_wrong_thing():
    new = problem(GOOD, 3, 7, code="new")
    assert after_the_edit(new, (NO_YAML, NO_SPEC)).count == 1
    assert after_the_edit(new, (NO_SPEC, SPEC)).count == 0


def test_comments_are_not_deleted_with_what_is_replaced():
    def replacing(old: str) -> str:
        def look(text: str) -> Seen:
            at = text.find(old)
            found = [] if at < 0 else [problem(text, at, at + 1, (at, at + len(old), "x"))]
            return Seen(Checked(FILE, found), SPEC)

        return mend(f"a: {old}\nb: 1", FILE, look).text

    for kept in (">-  # mine\n  y", "y # mine", "|\t# mine\n y"):
        assert replacing(kept) == f"a: {kept}\nb: 1"
    for gone in ("y#1", "# mine", "  # losscomp: ignore[x]", "'#1'"):
        assert replacing(gone) == "a: x\nb: 1"


def test_edits_of_another_file_are_not_made():
    def look(text: str) -> Seen:
        found = problem(text, 0, 3, (0, 3, "x"), file="--set")
        return Seen(Checked(FILE, [found]), SPEC)

    assert mend("bad", FILE, look).text == "bad"


def test_of_edits_that_overlap_the_first_is_made():
    """`ab` wants to be `x`, `bc` wants to be `y`."""

    def look(text: str) -> Seen:
        found = []
        if "ab" in text:
            at = text.index("ab")
            found.append(problem(text, at, at + 2, (at, at + 2, "x"), code="first"))
        if "bc" in text:
            at = text.index("bc")
            found.append(problem(text, at, at + 2, (at, at + 2, "y"), code="second"))
        return Seen(Checked(FILE, found), SPEC)

    result = mend("abc bc", FILE, look)
    assert (result.text, result.count) == ("xc y", 2)


def test_edits_of_one_problem_are_made_together_or_not_at_all():
    def look(text: str) -> Seen:
        found = problem(text, 0, 1, (0, 1, "K"), (2, 3, "V"))
        new = problem(text, 2, 3, code="new")
        told = [found] if text == "k v" else [new] if text == "K V" else []
        return Seen(Checked(FILE, told), SPEC)

    assert mend("k v", FILE, look).text == "k v"


def test_a_problem_that_goes_with_another_is_not_mended_twice():
    """Of two words that are the same one is enough, but the check names both."""

    def look(text: str) -> Seen:
        twins = [m.span() for m in re.finditer("twin", text)]
        if len(twins) < 2:
            return Seen(Checked(FILE, []), SPEC)
        return Seen(Checked(FILE, [problem(text, *s, (*s, f"t{s[0]}")) for s in twins]), SPEC)

    def strict(text: str) -> Seen:
        both = problem(text, 0, 2, code="new") if "t0 t5" in text else None
        return Seen(Checked(FILE, [both] if both else look(text).checked.problems), SPEC)

    assert mend("twin twin", FILE, look).text == "t0 t5"
    assert mend("twin twin", FILE, strict).text == "twin t5"


def test_looking_comes_to_an_end():
    looks = 0

    def growing(text: str) -> Seen:
        nonlocal looks
        looks += 1
        end = len(text)
        return Seen(Checked(FILE, [problem(text, end, end, (0, 0, "a"), code=str(end))]), SPEC)

    assert mend("b", FILE, growing).text == "a" * (MOST_LOOKS - 1) + "b"
    assert looks == MOST_LOOKS


RULES = st.dictionaries(
    st.sampled_from("abcd"), st.sampled_from([None, "a", "b", "c", "d", "e", "ee", ""]), max_size=4
)
TEXTS = st.text("abcde,\n \r", max_size=30)


@given(TEXTS, RULES)
@example("a b", {"a": "", "b": "a"})
def test_mending_twice_is_mending_once(text: str, rules: dict[str, str | None]):
    """Whatever edits there are: nothing is left that could be mended, and no more is wrong."""
    once = mended(text, **rules)
    again = mended(once.text, **rules)
    assert (again.text, again.count) == (once.text, 0)
    assert len(again.seen.checked.problems) <= len(once.first.checked.problems)
    assert all(_is_refused(each, once) for each in once.seen.checked.problems if each.edits)


def _is_refused(problem: Problem, result: Mended) -> bool:
    return any(problem == refused for refused, _ in result.objections)


@given(st.lists(st.tuples(st.integers(0, 3), st.text("xyé🙂\n", max_size=3)), max_size=6), TEXTS)
def test_applying_is_the_same_from_both_ends(steps: list[tuple[int, str]], text: str):
    edits = list(_placed(steps, len(text)))
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    assert applied(text, edits) == "".join([*parts, text[at:]])


def _placed(steps: list[tuple[int, str]], length: int) -> Iterator[Edit]:
    at = 0
    for size, text in steps:
        start, end = at + 1, at + 1 + size
        if end > length:
            return
        yield Edit(FILE, start, end, text)
        at = end
