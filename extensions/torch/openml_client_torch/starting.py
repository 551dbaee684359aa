"""Begins to record modules when torch is imported, where this package was imported before it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

_WATCHED: Final = "torch.nn"


def record_from_now_on() -> None:
    """Record modules: at once where torch is loaded, else as soon as somebody imports it."""
    if _WATCHED in sys.modules:
        import openml_client_torch.recording  # noqa: F401
    else:
        sys.meta_path.insert(0, _Watcher())


class _Watcher(MetaPathFinder):
    """Leaves all imports to the finders after it, but adds to what that of torch.nn does."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _WATCHED:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                import openml_client_torch.recording  # noqa: F401

            loader.exec_module = exec_module
        return spec
