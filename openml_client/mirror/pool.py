"""Many things at once, where one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from openml_client.mirror.tally import Tally
from openml_client.resources.at_once import Reach, each

K = TypeVar("K", bound=int | str)
T = TypeVar("T")


@dataclass
class Pool:
    """Works on many things at once, and tells the tally which of them fail."""

    workers: int
    """Threads."""
    progress: bool
    """Whether to show a bar for each kind of thing."""
    tally: Tally = field(default_factory=Tally)
    _reach: Reach = field(default_factory=Reach)

    def each(
        self, kind: str, keys: Iterable[K], work: Callable[[K], T], *, title: str | None = None
    ) -> dict[K, T]:
        """What the work gives for each thing; those for which it fails are left out.

        Raises
        ------
        AuthenticationError
            If the API key is wrong: then nothing else can be read either.
        """
        done, errors = each(
            keys,
            lambda key: self._reach.ask(lambda: work(key)),
            workers=self.workers,
            title=title or f"{kind}s",
            progress=self.progress,
        )
        for key, error in errors.items():
            self.tally.leave_out(kind, key, error)
        return done
