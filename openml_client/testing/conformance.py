"""The test class that third parties subclass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from openml_client.testing.describing import DescriptionChecks
from openml_client.testing.running import FoldChecks
from openml_client.testing.trusting import TrustChecks

if TYPE_CHECKING:
    from collections.abc import Collection


class ExtensionConformance(DescriptionChecks, TrustChecks, FoldChecks):
    """Proves an extension, when a test module has a subclass of it.

    The subclass declares what `cases.Suite` lists: ``extension``, ``cases``, ``refused``,
    ``failing``, and where there is more to refuse ``hostile``.  It stands at the top level of
    its module, which fresh processes import too: models that need more than that module belong
    into a module of their own.

    Examples
    --------
    ::

        class TestMine(ExtensionConformance):
            extension = EXTENSION
            cases = {"tree": Case(make=lambda: Tree(depth=3), other=lambda: Tree(depth=4))}
            refused = {"a lambda": Refusal(make=lambda: Tree(rule=lambda x: x), place="rule")}
            failing = Case(make=lambda: Tree(depth=-1))
    """

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Let each check of a case run for each case."""
        missing = [
            name
            for name in ("extension", "cases", "refused", "failing")
            if not getattr(self, name, None)
        ]
        if missing:
            raise pytest.UsageError(
                f"{type(self).__qualname__} declares no {', '.join(missing)}; "
                "see openml_client.testing.cases.Suite"
            )
        names: dict[str, Collection[str]] = {
            "case": self.cases,
            "varied": [name for name, case in self.cases.items() if case.other],
            "refusal": self.refused,
        }
        if not names["varied"]:
            raise pytest.UsageError(
                f"{type(self).__qualname__}: no case has an `other`, with another value"
            )
        for argument in names.keys() & set(metafunc.fixturenames):
            metafunc.parametrize(argument, list(names[argument]))
