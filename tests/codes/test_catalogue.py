"""The catalogue has every code that the program can give to a problem, and no other."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import composer.codes
from composer.codes import CATALOGUE, find
from composer.codes.base import Code
from tests.codes.raised import raised_codes


def told_codes():
    """The classes of all modules, whether the catalogue lists them or not."""
    for module in pkgutil.iter_modules(composer.codes.__path__):
        importlib.import_module(f"composer.codes.{module.name}")
    return Code.__subclasses__()


def test_every_code_of_the_program_is_in_the_catalogue():
    assert raised_codes() - set(CATALOGUE) == set()


def test_every_code_of_the_catalogue_is_given_to_a_problem():
    assert set(CATALOGUE) - raised_codes() == set()


def test_every_class_is_in_the_catalogue():
    told = {cls.code: f"{cls.__module__.rpartition('.')[2]}:{cls.__name__}" for cls in told_codes()}
    assert told == CATALOGUE


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_class_is_found_by_its_code_and_called_like_it(code):
    cls = find(code)
    assert cls.code == code
    assert re.sub(r"(?<!^)([A-Z])", r"-\1", cls.__name__).lower() == code
    assert cls.severity in ("error", "warning")


def test_there_is_no_other_code():
    with pytest.raises(KeyError):
        find("unknown-planet")
