"""Loss classes of one's own from the command line: a module or a `.py` file that the user names."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from composer.language.diagnostics import quote
from composer.losses.base import Loss


class OwnLossesError(ValueError):
    """A module of losses cannot be loaded, or holds none."""


def load_own_losses(names: Sequence[str]) -> list[type[Loss]]:
    """The subclasses of Loss that the modules define; raises OwnLossesError."""
    found: list[type[Loss]] = []
    for name in names:
        module = _load(name)
        classes = [
            each
            for each in vars(module).values()
            if isinstance(each, type)
            and issubclass(each, Loss)
            and each.__module__ == module.__name__
        ]
        if not classes:
            raise OwnLossesError(f"{quote(name)} defines no subclass of `composer.Loss`")
        complete = [each for each in classes if not inspect.isabstract(each)]
        if not complete:
            raise OwnLossesError(f"{classes[0].__name__} of {quote(name)} has no method `values`")
        found += complete
    return found


def _load(name: str) -> ModuleType:
    try:
        # What a module prints is no part of our answer, which may be JSON.
        with contextlib.redirect_stdout(sys.stderr):
            return _from_file(name) if name.endswith(".py") else importlib.import_module(name)
    except (KeyboardInterrupt, OwnLossesError):
        raise
    except BaseException as error:  # a module may raise anything, SystemExit too
        lines = str(error).splitlines()
        reason = ": ".join([type(error).__name__, *lines[:1]])
        raise OwnLossesError(f"{quote(name)} cannot be imported: {reason}") from error


def _from_file(path: str) -> ModuleType:
    stem = os.path.splitext(os.path.basename(path))[0]
    name = f"losscomp_losses_{stem}_{len(sys.modules)}"  # two files may have one name
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise OwnLossesError(f"there is no file {quote(path)}")
    module = importlib.util.module_from_spec(spec)
    # pydantic resolves the annotations of a class through the module it was defined in.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
