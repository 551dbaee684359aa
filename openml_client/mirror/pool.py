"""Many things at once, where one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, TypeVar

from openml_client.errors import AuthenticationError, OfflineError, OpenMLError
from openml_client.mirror.tally import Tally

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass
class Pool:
    """Works on many things at once, and tells the tally which of them fail."""

    workers: int
    """Threads."""
    progress: bool
    """Whether to show a bar for each kind of thing."""
    tally: Tally = field(default_factory=Tally)
    _gone: OfflineError | None = None
    """Why the server is out of reach."""

    def each(
        self, kind: str, keys: Iterable[K], work: Callable[[K], T], *, title: str | None = None
    ) -> dict[K, T]:
        """What the work gives for each thing; those for which it fails are left out.

        Raises
        ------
        AuthenticationError
            If the API key is wrong: then nothing else can be read either.
        """
        from tqdm.auto import tqdm

        done: dict[K, T] = {}
        with ThreadPoolExecutor(self.workers, thread_name_prefix="mirror") as pool:
            futures = {
                pool.submit(self._unless_gone, work, key): key for key in dict.fromkeys(keys)
            }
            is_silent = not (self.progress and futures)
            try:
                with tqdm(total=len(futures), desc=title or f"{kind}s", disable=is_silent) as bar:
                    for future in as_completed(futures):
                        self._take(kind, futures[future], future, done)
                        bar.update()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return done

    def _take(self, kind: str, key: Any, future: Future[T], done: dict[Any, T]) -> None:
        try:
            done[key] = future.result()
        except AuthenticationError:
            raise
        except OpenMLError as error:
            self.tally.leave_out(kind, key, error)

    def _unless_gone(self, work: Callable[[K], T], key: K) -> T:
        """What the work gives, unless the server is out of reach: then nothing is tried."""
        if self._gone is not None:
            raise OfflineError(f"not tried, as {self._gone.message}")
        try:
            return work(key)
        except OfflineError as error:
            self._gone = error
            raise
