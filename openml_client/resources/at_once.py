"""Requests that are under way at the same time, over the connections of one client."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from numbers import Integral
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from openml_client.errors import AuthenticationError, OfflineError, OpenMLError, ValidationError

if TYPE_CHECKING:
    from openml_client.resources.caller import Caller

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@contextmanager
def meanwhile(call: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """A function that waits for what the call gives, which runs while the block does.

    It raises what the call raised; if it is not called, nothing is.  When the block ends, so has
    the call.
    """
    outcome: Future[T] = Future()
    with _threads(1, lambda: _run(call, outcome), name="meanwhile"):
        yield outcome.result


def each(
    keys: Iterable[K],
    work: Callable[[K], T],
    *,
    workers: int,
    title: str,
    progress: bool,
) -> tuple[dict[K, T], dict[K, OpenMLError]]:
    """What the work gives for each key, and the errors of those for which it fails.

    Both are in the order of the keys.

    Parameters
    ----------
    keys
        Each is worked on once.
    workers
        Threads at most.
    progress
        Show a bar, if there is a key.

    Raises
    ------
    ValidationError
        If there are no workers.
    AuthenticationError
        If the API key is wrong: then nothing else can be read either.
    """
    from tqdm.auto import tqdm

    n_threads = _n_threads(workers)
    unique = tuple(dict.fromkeys(keys))
    waiting = deque(unique)
    ended: SimpleQueue[tuple[K, Future[T]]] = SimpleQueue()

    def take() -> None:
        while True:
            try:
                key = waiting.popleft()
            except IndexError:
                return
            outcome: Future[T] = Future()
            _run(partial(work, key), outcome)
            ended.put((key, outcome))

    done: dict[K, T] = {}
    errors: dict[K, OpenMLError] = {}
    with (
        _threads(min(n_threads, len(unique)), take, name=title),
        _emptied(waiting),
        tqdm(total=len(unique), desc=title, disable=not (progress and unique)) as bar,
    ):
        for _ in unique:
            key, outcome = ended.get()
            try:
                done[key] = outcome.result()
            except AuthenticationError:
                raise
            except OpenMLError as error:
                errors[key] = error
            bar.update()
    return _in_order(unique, done), _in_order(unique, errors)


@dataclass
class Reach:
    """Whether a server is in reach; one that turns out not to be is asked no more."""

    gone: OfflineError | None = None
    """What the first request met that did not reach it."""

    def ask(self, call: Callable[[], T]) -> T:
        """What the call gives.

        Raises
        ------
        OfflineError
            If the server is out of reach; if that was known before, nothing is tried.
        """
        if self.gone is not None:
            raise OfflineError(f"not tried, as {self.gone.message}", hint=self.gone.hint)
        try:
            return call()
        except OfflineError as error:
            self.gone = self.gone or error
            raise


def fetch_each(
    caller: Caller,
    keys: Iterable[K],
    fetch: Callable[[Caller, K], T],
    *,
    workers: int,
    title: str,
    progress: bool,
) -> tuple[dict[K, T], dict[K, OpenMLError]]:
    """The same, of what a server has; one that turns out to be out of reach is asked no more.

    The bar is shown on a terminal only.

    Parameters
    ----------
    fetch
        Takes the caller to use, by which no more requests than there are workers are under way.
        There are twice as many threads: while some wait for the server, the others read and keep
        what came.

    Raises
    ------
    OfflineError
        If nothing came because the server is out of reach, or the client offline.
    """
    n_requests = _n_threads(workers)
    shared = caller.at_most(n_requests)
    reach = Reach()

    def ask(key: K) -> T:
        if caller.is_offline:  # what the cache lacks says nothing of the others
            return fetch(shared, key)
        return reach.ask(lambda: fetch(shared, key))

    done, errors = each(
        keys,
        ask,
        workers=2 * n_requests,
        title=title,
        progress=progress and sys.stderr.isatty(),
    )
    if errors and not done and all(isinstance(error, OfflineError) for error in errors.values()):
        raise reach.gone or next(iter(errors.values()))
    return done, errors


def _n_threads(workers: Any) -> int:
    if isinstance(workers, bool) or not isinstance(workers, Integral) or int(workers) < 1:
        raise ValidationError(f"workers is a number of threads, 1 or more, not {workers!r}")
    return int(workers)


def _in_order(keys: Iterable[K], found: Mapping[K, T]) -> dict[K, T]:
    return {key: found[key] for key in keys if key in found}


def _run(call: Callable[[], T], outcome: Future[T]) -> None:
    try:
        outcome.set_result(call())
    except BaseException as error:  # noqa: BLE001  (raised where the outcome is asked for)
        outcome.set_exception(error)


@contextmanager
def _emptied(waiting: deque[K]) -> Iterator[None]:
    """Whatever ends the block, nothing more is begun after it."""
    try:
        yield
    finally:
        waiting.clear()


@contextmanager
def _threads(count: int, work: Callable[[], None], *, name: str) -> Iterator[None]:
    """Threads that work while the block runs, and have ended when it has.

    Ctrl-C waits for none of them, as a silent server may hold one for its whole timeout; nor does
    the end of the process.
    """
    threads = [
        threading.Thread(target=work, name=f"{name} {n}", daemon=True) for n in range(1, count + 1)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    except Exception:
        _join(threads)
        raise
    _join(threads)


def _join(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
