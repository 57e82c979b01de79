"""The incumbents, for tests of what the explanations say of them."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")
