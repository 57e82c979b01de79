"""What makes the command start sooner: none of it changes what is computed."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

_LOADER = "pydantic.plugin._loader"
_GARBAGE = 100_000


def hasten() -> None:
    """Leaves out pydantic's search for plugins, and looks for garbage less often.

    The search would load `importlib.metadata`, and with it `email`, `zipfile` and `socket`, for
    plugins that a loss has no use for; it takes an eighth of the time of a `check`.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.modules.setdefault(_LOADER, _NoPlugins(_LOADER))
    gc.set_threshold(_GARBAGE)


class _NoPlugins(ModuleType):
    """Stands for pydantic's loader of plugins, which is loaded if anything else is asked of it."""

    @staticmethod
    def get_plugins() -> Iterable[Any]:
        """There are none."""
        return ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        import importlib

        if sys.modules.get(_LOADER) is self:
            del sys.modules[_LOADER]
        return getattr(importlib.import_module(_LOADER), name)
