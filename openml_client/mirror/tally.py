"""What a mirror has done so far, and what it had to leave out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from threading import Lock

from openml_client.errors import NotAuthorizedError, OpenMLError
from openml_client.model.mirror import KINDS, LeftOut, Mirrored

_SHOWN = 10
"""Ids that a reason names."""


class NeededError(OpenMLError):
    """A thing needs another one that was left out, so it is left out too."""

    def __init__(self, missing: LeftOut) -> None:
        super().__init__(f"it needs {missing.kind} {missing.id}, which was left out")
        self.is_private = missing.is_private


class Tally:
    """Counts what becomes of each thing; threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._copied: dict[str, set[int]] = defaultdict(set)
        self._present: dict[str, set[int]] = defaultdict(set)
        self._left_out: dict[tuple[str, int | str], LeftOut] = {}

    def note(self, kind: str, id_: int, *, is_new: bool) -> None:
        """Count a thing that is in the mirror now."""
        with self._lock:
            (self._copied if is_new else self._present)[kind].add(id_)

    def leave_out(self, kind: str, id_: int | str, error: OpenMLError) -> None:
        """Count a thing that is not, and why."""
        is_private = isinstance(error, NotAuthorizedError) or (
            isinstance(error, NeededError) and error.is_private
        )
        item = LeftOut(kind=kind, id=id_, reason=error.message, is_private=is_private)
        with self._lock:
            self._left_out[kind, id_] = item

    def leave_out_of(self, study_id: int, kind: str, missing: Sequence[int]) -> None:
        """Count a study of which some tasks or runs are not in the mirror."""
        reasons = [self._left_out.get((kind, id_)) for id_ in missing]
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        item = LeftOut(
            kind="study",
            id=study_id,
            reason=f"it lacks the {kind}s {', '.join(map(str, missing[:_SHOWN]))}{more}",
            is_private=all(reason is not None and reason.is_private for reason in reasons),
        )
        with self._lock:
            self._left_out["study", study_id] = item

    def require(self, kind: str, id_: int) -> None:
        """Nothing, unless this thing was left out.

        Raises
        ------
        NeededError
            If it was.
        """
        missing = self._left_out.get((kind, id_))
        if missing is not None:
            raise NeededError(missing)

    def result(self, source: str, folder: str) -> Mirrored:
        """All of it."""
        order = {kind: place for place, kind in enumerate(KINDS)}
        left_out = sorted(
            self._left_out.values(),
            key=lambda item: (order.get(item.kind, len(order)), str(item.id).zfill(20)),
        )
        return Mirrored(
            source=source,
            folder=folder,
            copied={kind: tuple(sorted(ids)) for kind, ids in self._copied.items()},
            present={kind: tuple(sorted(ids)) for kind, ids in self._present.items()},
            left_out=tuple(left_out),
        )
