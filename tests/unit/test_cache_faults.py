"""The cache among many processes, killed ones, and on disks that are full or can't be written."""

import hashlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from openml_client.cache import Cache, locks
from openml_client.cache.layout import entry_path, lock_path
from openml_client.cache.locks import entry_lock
from openml_client.cache.store import PARTIAL, PARTIAL_AGE_S
from openml_client.errors import IntegrityError, OpenMLError

from .test_cache import CONTENT, KEY, files_in, gives, no_fetch

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def python(code, *arguments):
    """Another Python process that has the cache, and can be talked to."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


# Many at once

ROUNDS = 10
READER = """
import hashlib, os, sys
from pathlib import Path
from openml_client.cache import Cache

folder, log, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
cache = Cache(folder)

def fetch(sink):
    with open(log, "ab", buffering=0) as file:
        file.write(b"x")
    for n in range(40_000):
        sink.write(b"%d,%d\\n" % (number, n))

print("ready", flush=True)
sys.stdin.readline()
for number in range(rounds):
    print(hashlib.sha256(cache.get_or_fetch(f"data/{number}", fetch)).hexdigest(), flush=True)
"""


@pytest.mark.fault(9)
def test_eight_processes_fetch_each_thing_once_and_all_get_it_right(tmp_path):
    log = tmp_path / "log"
    processes = [python(READER, tmp_path / "cache", log, ROUNDS) for _ in range(8)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:  # all at once
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate()[0].split() for process in processes]
    contents = [b"".join(b"%d,%d\n" % (i, n) for n in range(40_000)) for i in range(ROUNDS)]
    expected = [hashlib.sha256(content).hexdigest() for content in contents]
    assert [process.returncode for process in processes] == [0] * 8
    assert outputs == [expected] * 8
    assert log.stat().st_size == ROUNDS


@pytest.mark.fault(9)
def test_threads_fetch_a_thing_once(cache):
    fetch = gives(CONTENT)
    start = threading.Barrier(8)

    def get():
        start.wait()
        return cache.get_or_fetch(KEY, fetch)

    with ThreadPoolExecutor(8) as pool:
        assert [job.result() for job in [pool.submit(get) for _ in range(8)]] == [CONTENT] * 8
    assert fetch.calls == 1


@pytest.mark.fault(9)
def test_who_reads_while_another_writes_gets_the_old_or_the_new(cache, caplog):
    contents = [bytes([n]) * 10_000 for n in range(50)]
    cache.write(KEY, contents[0])
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [cache.write(KEY, content) for content in contents])
        while not writing.done():
            assert cache.read(KEY) in contents
        writing.result()
    assert caplog.messages == []


@contextmanager
def heard(text):
    """An event that is set when the log says this."""
    event = threading.Event()

    class Handler(logging.Handler):
        def emit(self, record):
            if text in record.getMessage():
                event.set()

    logger, handler = logging.getLogger("openml_client"), Handler()
    logger.addHandler(handler)
    try:
        yield event
    finally:
        logger.removeHandler(handler)


@pytest.mark.fault(9)
def test_a_long_wait_for_another_is_announced(cache, monkeypatch):
    monkeypatch.setattr(locks, "SILENT_S", 0.01)
    path = lock_path(entry_path(cache.folder, KEY))
    path.parent.mkdir(parents=True)
    with ThreadPoolExecutor(1) as pool, heard("waiting for another process") as announced:
        with entry_lock(path):
            job = pool.submit(cache.get_or_fetch, KEY, gives(CONTENT))
            assert announced.wait(10)
            assert not job.done()
        assert job.result(10) == CONTENT


@pytest.mark.fault(9)
def test_a_lock_that_is_never_freed_is_not_waited_for_without_end(cache, monkeypatch, caplog):
    monkeypatch.setattr(locks, "SILENT_S", 0.01)
    monkeypatch.setattr(locks, "PATIENCE_S", 0.01)
    path = lock_path(entry_path(cache.folder, KEY))
    path.parent.mkdir(parents=True)
    with entry_lock(path), ThreadPoolExecutor(1) as pool:
        assert pool.submit(cache.get_or_fetch, KEY, gives(CONTENT)).result(10) == CONTENT
    assert cache.read(KEY) == CONTENT
    assert "going on without the lock" in caplog.text


# Killed in the middle

KILLED = """
import os, signal, sys
from pathlib import Path
from openml_client.cache import Cache

folder, key, moment, call = Path(sys.argv[1]), *sys.argv[2:]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)

def fetch(sink):
    sink.write(b"half")
    if moment == "fetching":
        die()
    sink.write(b" and half")

if moment == "flushing":
    os.fsync = die
if moment == "renaming the content":
    Path.replace = die
if moment == "renaming the checksum":
    replace = Path.replace
    Path.replace = lambda path, to: die() if to.suffix == ".sha256" else replace(path, to)
if call == "fetch":
    Cache(folder).get_or_fetch(key, fetch)
else:
    Cache(folder).write(key, b"new")
"""


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    "moment", ["fetching", "flushing", "renaming the content", "renaming the checksum"]
)
def test_a_process_that_is_killed_leaves_no_half_entry(tmp_path, caplog, moment):
    process = python(KILLED, tmp_path, KEY, moment, "fetch")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    cache = Cache(tmp_path)
    assert cache.read(KEY) is None
    fetch = gives(CONTENT)
    assert cache.get_or_fetch(KEY, fetch) == CONTENT
    assert fetch.calls == 1
    assert caplog.messages == []


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    ("moment", "left"),
    [("flushing", CONTENT), ("renaming the content", None), ("renaming the checksum", None)],
)
def test_a_process_that_is_killed_while_it_replaces_an_entry_leaves_the_old_or_none(
    tmp_path, caplog, moment, left
):
    cache = Cache(tmp_path)
    cache.write(KEY, CONTENT)
    process = python(KILLED, tmp_path, KEY, moment, "write")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert cache.read(KEY) == left
    assert caplog.messages == []


@pytest.mark.fault(10)
def test_what_killed_processes_left_is_removed_after_a_day(tmp_path):
    python(KILLED, tmp_path, KEY, "flushing", "fetch").communicate()
    partial = Cache(tmp_path).folder / PARTIAL
    (leftover,) = partial.iterdir()
    Cache(tmp_path).write(KEY, CONTENT)
    assert leftover.exists()  # its process may still write
    yesterday = time.time() - PARTIAL_AGE_S - 60
    os.utime(leftover, (yesterday, yesterday))
    Cache(tmp_path).write(KEY, b"other")
    assert list(partial.iterdir()) == []


# Places that can't be written


@contextmanager
def unprivileged():
    """Without the rights of root, to whom nothing is read-only."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def read_only():
    """A cache with one entry whose folders nobody may write; pytest's own are for root alone."""
    folder = Path(tempfile.mkdtemp())
    cache = Cache(folder)
    cache.write("data/kept", CONTENT)
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in files_in(folder):
        path.chmod(0o444)
    for path in folders:
        path.chmod(0o555)
    with unprivileged():
        yield Cache(folder)
    for path in folders:
        path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.fault(8)
def test_a_folder_that_can_not_be_written_is_read_and_does_not_hinder(read_only, caplog):
    with pytest.raises(PermissionError):
        (read_only.folder / "probe").touch()
    assert read_only.get_or_fetch("data/kept", no_fetch) == CONTENT
    assert caplog.messages == []
    for n in range(3):
        assert read_only.get_or_fetch(f"data/{n}", gives(CONTENT)) == CONTENT
        assert read_only.get_or_fetch(f"new/{n}", gives(CONTENT)) == CONTENT
        read_only.write(f"data/{n}", CONTENT)
        assert read_only.read(f"data/{n}") is None
    (message,) = caplog.messages
    assert message.startswith("the cache can't be written (")
    assert "Permission denied" in message


@pytest.mark.fault(8)
def test_md5s_are_checked_though_nothing_can_be_kept(read_only):
    with pytest.raises(IntegrityError):
        read_only.get_or_fetch("data/new", gives(b"other"), md5="0" * 32)


@pytest.mark.fault(8)
def test_a_file_where_the_folder_should_be_does_not_hinder(tmp_path, caplog):
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file")
    assert cache.get_or_fetch(KEY, gives(CONTENT)) == CONTENT
    assert cache.get_or_fetch(KEY, gives(CONTENT)) == CONTENT
    cache.write(KEY, CONTENT)
    assert cache.read(KEY) is None
    assert len(caplog.messages) == 1
    assert "the cache can't be written" in caplog.text


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 256 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"mounting a small file system takes root's rights: {error}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.fault(8)
def test_a_full_disk_is_an_error_that_says_what_is_needed_and_where(small_disk):
    cache = Cache(small_disk)
    cache.write("data/small", CONTENT)
    before = files_in(small_disk)
    big = os.urandom(1_000_000)
    with pytest.raises(OpenMLError, match="no space: data/big needs 1,000,000 bytes") as caught:
        cache.get_or_fetch("data/big", gives(big))
    assert str(small_disk) in caught.value.message
    assert "OPENML_CACHE_DIR" in caught.value.hint
    assert files_in(small_disk) == before
    assert cache.read("data/small") == CONTENT


@pytest.mark.fault(8)
def test_a_disk_that_was_full_can_be_used_once_it_is_freed(small_disk):
    cache = Cache(small_disk)
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(bytes(1_000_000))
    cache.write(KEY, CONTENT)  # warns: what may be lost is not worth an error
    assert cache.read(KEY) is None
    ballast.unlink()
    assert cache.get_or_fetch(KEY, gives(CONTENT)) == CONTENT
    assert cache.get_or_fetch(KEY, no_fetch) == CONTENT


@pytest.mark.fault(8)
def test_an_entry_survives_that_its_successor_does_not_fit(small_disk, caplog):
    cache = Cache(small_disk)
    cache.write(KEY, CONTENT)
    cache.write(KEY, os.urandom(1_000_000))
    assert cache.read(KEY) == CONTENT
    assert "No space left on device" in caplog.text
