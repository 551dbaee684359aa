"""What a registry's database promises, whichever it is.

`Store` keeps these promises, and ``tests/contract/test_store.py`` asks them of every database
that a registry may run on:

Threads and processes
    One store may be used by any number of threads, and one database by any number of processes.
    A `read` sees one state of the database from its first question to its last, whatever is
    written meanwhile, and never waits for a writer.
Atomic publishing
    What one `write` writes is there as a whole once it has returned, survives a crash of the
    process and of the machine, and is not there at all if it raises.
One writer after the other
    Within a `write`, what was read stays true until it ends: a version that was counted is
    still the next one, and a name that was free is still free.
Ids
    An id that was given is never given again, also not after a deletion.
Conflicts
    The same flow (name and external version), task (type and inputs) or setup (flow and values)
    is there at most once.  The resource modules look for it within the `write`, so that of two
    who publish the same at the same time one learns the other's id.
Failures
    `StoreBusyError` if the database can't be had in time: asking again may help.
    `StoreFullError` if there is no room on its disk.
    `RegistryError` if it can't be used: it is damaged, can't be written or is of another kind.
"""

from __future__ import annotations

from openml_client.errors import RegistryError


class StoreBusyError(RegistryError):
    """Other writers kept the database for too long."""


class StoreFullError(RegistryError):
    """The disk of the database is full; nothing was stored."""
