"""What a forward pass keeps, and a backward pass gets."""

from __future__ import annotations

from composer.losses.residuals import Residuals, is_remembering, remembered


def test_what_was_kept_is_given_out_in_the_same_order_without_computing():
    asked = []

    def run():
        return [remembered(lambda n=n: asked.append(n) or n * 10) for n in (1, 2)]

    kept = Residuals()
    with kept.used():
        assert run() == [10, 20]
    with Residuals(kept.kept).used():
        assert run() == [10, 20]
    assert asked == [1, 2]


def test_what_is_asked_for_meanwhile_has_no_place_of_its_own():
    def run():
        outer = remembered(lambda: 1 + remembered(lambda: 10))
        return outer, remembered(lambda: 5)

    kept = Residuals()
    with kept.used():
        first = run()
    with Residuals(kept.kept).used():
        assert run() == first == (11, 5)
    assert kept.kept == [11, 5]


def test_elsewhere_everything_is_computed():
    assert not is_remembering()
    assert [remembered(lambda n=n: n) for n in (3, 4)] == [3, 4]
    with Residuals().used():
        assert is_remembering()
    assert not is_remembering()
