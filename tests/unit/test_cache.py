"""The cache: what is kept, what is healed, and keys and files of strangers."""

import hashlib
import os
import pickle
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.cache import Cache
from openml_client.cache.layout import checksum_path, entry_path, host_folder
from openml_client.cache.store import PARTIAL
from openml_client.errors import IntegrityError

KEY = "data/61/iris.arff"
CONTENT = b"the content"


def gives(content):
    """A fetch that writes this content, and counts its calls in ``.calls``."""

    def fetch(sink):
        fetch.calls += 1
        sink.write(content)

    fetch.calls = 0
    return fetch


def no_fetch(_sink):
    raise AssertionError("fetched though it is in the cache")


def files_in(folder):
    """All files that hold content; locks are empty."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache", server="https://openml.example")


# What it is for


def test_what_was_fetched_is_not_fetched_again(cache, tmp_path):
    fetch = gives(CONTENT)
    assert cache.get_or_fetch(KEY, fetch) == CONTENT
    assert cache.get_or_fetch(KEY, no_fetch) == CONTENT
    assert Cache(tmp_path / "cache", server="https://openml.example").read(KEY) == CONTENT
    assert fetch.calls == 1


def test_what_is_missing_reads_as_none(cache):
    assert cache.read(KEY) is None
    assert files_in(cache.folder) == []


def test_writing_takes_the_place_of_what_was_there(cache):
    cache.write(KEY, b"old")
    cache.write(KEY, CONTENT)
    assert cache.read(KEY) == CONTENT
    assert files_in(cache.folder / PARTIAL) == []


def test_writing_the_same_again_leaves_the_files_alone(cache):
    cache.write(KEY, CONTENT)
    before = [path.stat().st_ino for path in files_in(cache.folder)]
    cache.write(KEY, CONTENT)
    assert [path.stat().st_ino for path in files_in(cache.folder)] == before


def test_nothing_is_made_before_something_is_kept(tmp_path):
    cache = Cache(tmp_path / "cache")
    assert cache.read(KEY) is None
    assert list(tmp_path.iterdir()) == []
    assert repr(cache) == f"<Cache in {tmp_path / 'cache' / 'v1' / 'local'}>"


def test_servers_do_not_share_entries(tmp_path):
    addresses = [
        "https://a.example",
        "http://a.example",
        "https://a.example:8080",
        "https://a.example/api",
        "https://b.example",
        "http://[::1]:5000",
        "local:/some/folder",
    ]
    for address in addresses:
        Cache(tmp_path, server=address).write(KEY, address.encode())
    for address in addresses:
        assert Cache(tmp_path, server=address).read(KEY) == address.encode()
    assert host_folder("https://a.example") == "https-a.example"


def test_an_empty_entry_is_an_entry(cache):
    assert cache.get_or_fetch(KEY, gives(b"")) == b""
    assert cache.get_or_fetch(KEY, no_fetch) == b""


# Fetches that fail


@pytest.mark.fault(7)
def test_content_that_does_not_match_the_md5_is_refused_and_not_kept(cache):
    with pytest.raises(IntegrityError, match=f"{KEY} does not match its checksum"):
        cache.get_or_fetch(KEY, gives(b"other"), md5=hashlib.md5(CONTENT).hexdigest())
    assert files_in(cache.folder) == []
    assert cache.get_or_fetch(KEY, gives(CONTENT)) == CONTENT


@pytest.mark.fault(7)
def test_the_md5_may_be_in_capitals(cache):
    md5 = hashlib.md5(CONTENT).hexdigest().upper()
    assert cache.get_or_fetch(KEY, gives(CONTENT), md5=md5) == CONTENT


@pytest.mark.fault(7)
def test_a_fetch_that_breaks_off_leaves_nothing(cache):
    def fetch(sink):
        sink.write(b"half of it")
        raise OSError("connection reset")

    with pytest.raises(OSError, match="connection reset"):
        cache.get_or_fetch(KEY, fetch)
    assert files_in(cache.folder) == []
    assert cache.get_or_fetch(KEY, gives(CONTENT)) == CONTENT


@pytest.mark.fault(7)
def test_a_fetch_may_start_over(cache):
    def fetch(sink):
        start = sink.tell()
        sink.write(b"half of something long")
        sink.seek(start)
        sink.truncate()
        sink.write(CONTENT)

    assert cache.get_or_fetch(KEY, fetch) == CONTENT


# Damage on disk


def flip(path):
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def empty(path):
    path.write_bytes(b"")


def overwrite(path):
    path.write_bytes(b"\xff\xfe" + os.urandom(100))


@pytest.mark.fault(8)
@pytest.mark.parametrize("damage", [flip, truncate, empty, overwrite])
@pytest.mark.parametrize("of", ["content", "checksum"])
def test_a_damaged_entry_is_fetched_again_and_that_is_said_once(cache, caplog, damage, of):
    cache.write(KEY, CONTENT)
    path = entry_path(cache.folder, KEY)
    damage(path if of == "content" else checksum_path(path))
    fetch = gives(CONTENT)
    assert cache.get_or_fetch(KEY, fetch) == CONTENT
    assert cache.get_or_fetch(KEY, no_fetch) == CONTENT
    assert fetch.calls == 1
    assert caplog.messages == [f"{path} is damaged; it is fetched again"]


@pytest.mark.fault(8)
@pytest.mark.parametrize("of", ["content", "checksum"])
def test_an_entry_of_which_half_is_gone_is_fetched_again(cache, caplog, of):
    cache.write(KEY, CONTENT)
    path = entry_path(cache.folder, KEY)
    (path if of == "content" else checksum_path(path)).unlink()
    assert cache.read(KEY) is None
    assert cache.get_or_fetch(KEY, gives(CONTENT)) == CONTENT
    assert caplog.messages == []


@pytest.mark.fault(8)
def test_a_damaged_entry_reads_as_none_and_is_healed_by_writing(cache, caplog):
    cache.write(KEY, CONTENT)
    flip(entry_path(cache.folder, KEY))
    assert cache.read(KEY) is None
    assert "is damaged" in caplog.text
    cache.write(KEY, CONTENT)
    assert cache.read(KEY) == CONTENT


@pytest.mark.fault(8)
def test_a_folder_where_the_entry_should_be_does_not_hinder(cache, caplog):
    entry_path(cache.folder, KEY).mkdir(parents=True)
    assert cache.read(KEY) is None
    assert cache.get_or_fetch(KEY, gives(CONTENT)) == CONTENT
    assert "the cache can't be written" in caplog.text


# Keys and files of strangers

HOSTILE = [
    "..",
    "../../escape",
    "data/../../../escape",
    "/etc/passwd",
    "//host/share",
    "\\\\host\\share",
    "..\\escape",
    "C:\\Windows\\system.ini",
    "c:escape",
    "nul",
    "NUL.txt",
    "com1",
    "aux.arff",
    "data/con",
    "a\0b",
    "",
    "/",
    ".",
    "data/.hidden",
    ".partial",
    "data/.61.lock",
    "trailing.",
    "trailing ",
    "a" * 4_000,
    "/".join(["a"] * 300),
    "ä/😀\n",
    "\ud800",
    "a:stream",
    "~",
    "$HOME",
    "*?<>|",
]


@pytest.mark.fault(15)
@pytest.mark.parametrize("key", HOSTILE, ids=lambda key: ascii(key)[:30])
def test_no_key_leaves_the_folder(tmp_path, key):
    cache = Cache(tmp_path / "cache")
    cache.write(key, CONTENT)
    assert cache.read(key) == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    entry = entry_path(cache.folder, key)
    assert entry.resolve().is_relative_to(cache.folder.resolve())
    assert entry.read_bytes() == CONTENT
    for part in entry.relative_to(cache.folder).parts:
        assert len(part) <= 121
        assert part.isascii()
        assert part[0] not in ". "
        assert part[-1] not in ". "
        assert not set(part) & set('\\/:*?"<>|\0')
        assert part.partition(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt1"}


@pytest.mark.fault(15)
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(max_size=12) | st.sampled_from(HOSTILE), min_size=2, max_size=2, unique=True)
)
def test_no_two_keys_share_a_path(keys):
    one, other = (str(entry_path(Path("cache"), key)) for key in keys)
    assert one.lower() != other.lower()


@pytest.mark.fault(15)
def test_a_key_that_looks_like_the_hash_of_another_has_its_own_path():
    hashed = entry_path(Path("cache"), "..").name
    assert entry_path(Path("cache"), hashed).name != hashed


@pytest.mark.fault(15)
def test_plain_keys_keep_their_names():
    path = entry_path(Path("cache"), "dataset/get/61.xml")
    assert path == Path("cache/dataset/get/61.xml")


class Planted:
    """Writes a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return (os.mkdir, (str(self.marker),))


@pytest.mark.fault(16)
def test_a_planted_pickle_is_never_executed(cache, tmp_path):
    marker = tmp_path / "executed"
    evil = pickle.dumps(Planted(marker))
    path = entry_path(cache.folder, KEY)
    path.parent.mkdir(parents=True)
    for name in ("iris.pkl", "iris.pkl.py3", "iris.arff.pickle", "iris.joblib", "iris.npy"):
        (path.parent / name).write_bytes(evil)
    path.write_bytes(evil)
    checksum_path(path).write_text(hashlib.sha256(evil).hexdigest())
    assert cache.get_or_fetch(KEY, no_fetch) == evil  # bytes, and bytes they stay
    assert cache.read("data/61/iris.pkl") is None
    assert not marker.exists()
    pickle.loads(evil)
    assert marker.exists()  # so it was armed


@pytest.mark.fault(8)
def test_a_read_only_folder_gives_its_entries_and_is_said_once(tmp_path, caplog, monkeypatch):
    cache = Cache(tmp_path)
    cache.write("data/1", b"kept")
    # Permission bits don't bind root, who runs the tests in containers.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cache.read("data/1") == b"kept"
    assert caplog.messages == []
    for key in ("data/2", "data/3"):
        assert cache.get_or_fetch(key, lambda sink: sink.write(b"new")) == b"new"
        assert cache.read(key) is None
    [said] = caplog.messages
    assert "can't be written" in said


@pytest.mark.fault(9)
def test_without_file_locks_everything_still_comes_out_right(tmp_path, monkeypatch):
    # flock is missing on some cluster file systems; filelock says so with this error.
    def missing(*args, **kwargs):
        raise NotImplementedError("no flock here")

    monkeypatch.setattr(FileLock, "acquire", missing)
    cache = Cache(tmp_path)
    assert cache.get_or_fetch("data/1", lambda sink: sink.write(b"new")) == b"new"
    assert cache.read("data/1") == b"new"


@pytest.mark.fault(9)
def test_names_that_differ_in_capitals_only_are_different_files_everywhere(tmp_path):
    # Some file systems don't tell capitals from small letters.
    paths = [entry_path(tmp_path, name) for name in ("a.arff", "A.arff", "A.ARFF")]
    assert len({str(path).lower() for path in paths}) == 3


@pytest.mark.fault(9)
def test_an_entry_named_like_a_checksum_does_not_meet_it(tmp_path):
    cache = Cache(tmp_path)
    cache.write("a", b"content")
    cache.write("a.sha256", b"content of another")
    assert cache.read("a") == b"content"
    assert cache.read("a.sha256") == b"content of another"
