"""Lists read by columns are the lists read row by row: the same rows, frames and errors."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.errors import ProtocolError
from openml_client.model.columns import Columns
from openml_client.model.page import Listing
from openml_client.wire import columns, xml
from openml_client.wire.codec import Rows
from openml_client.wire.dataset import DATASETS, FEATURES, QUALITIES
from openml_client.wire.evaluation import EVALUATIONS
from openml_client.wire.flow import FLOWS
from openml_client.wire.run import RUNS
from openml_client.wire.setup import SETUPS
from openml_client.wire.study import STUDIES
from openml_client.wire.task import TASKS
from openml_client.wire.vocabulary import USERS

LISTS = {
    rows.root: rows
    for rows in (
        *(DATASETS, EVALUATIONS, FLOWS, RUNS, SETUPS, STUDIES, TASKS, USERS),
        *(FEATURES, QUALITIES),
    )
}
"""What `list` gives, and the documents of a dataset that are lists, too."""

DATASET = (
    "<oml:did>{id}</oml:did><oml:name>a</oml:name><oml:version>1</oml:version>"
    '<oml:quality name="NumberOfInstances">{rows}.0</oml:quality>'
)


def wrapped(document: Rows, *rows: str) -> bytes:
    inside = "\n".join(f"<oml:{document.key}>{row}</oml:{document.key}>" for row in rows)
    return (
        f'<oml:{document.root} xmlns:oml="{xml.NAMESPACE}">{inside}</oml:{document.root}>'.encode()
    )


def frame_of(*pages: Sequence[Any], key: Sequence[str] = ()) -> pd.DataFrame:
    waiting = [*pages, ()]
    return Listing(lambda _, __: waiting.pop(0), page_size=1, key=key).to_pandas()


def as_texts(rows: Sequence[Any]) -> list[str]:
    """Rows as text, in which a value that is not a number equals itself."""
    return [
        repr(
            [
                (name, sorted(value.items()) if isinstance(value, dict) else value)
                for name, value in asdict(row).items()
            ]
        )
        for row in rows
    ]


def assert_same(document: Rows, body: bytes, *, by_columns: bool | None = None) -> None:
    expected = xml.read(document, body, source="here")
    found = columns.read(document, body, source="here")
    assert as_texts(found) == as_texts(expected)
    pd.testing.assert_frame_equal(frame_of(found), frame_of(expected), check_exact=True)
    if by_columns is not None:
        assert isinstance(found, Columns) is by_columns


def recorded(folder: Any) -> Iterator[tuple[str, Rows, bytes]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or ".request." in path.name or path.stat().st_size > 2**24:
            continue
        content = path.read_bytes()
        for root, document in LISTS.items():
            start = content.find(b"<oml:%s xmlns" % root.encode())
            if start != -1:
                yield path.name, document, content[start:].rstrip()


@pytest.mark.shared
def test_all_recorded_lists_are_the_same_both_ways(shared: Any) -> None:
    found = {}
    for folder in sorted(shared.glob("golden*")):
        for name, document, body in recorded(folder):
            is_by_columns = isinstance(columns.read(document, body, source=name), Columns)
            found[name] = (document.root, is_by_columns)
            assert_same(document, body)
    by_columns = {root for root, is_by_columns in found.values() if is_by_columns}
    assert by_columns == LISTS.keys() - {"setups", "data_features"}
    # Setups, and evaluations with setups, hold further elements; names of features are exact.
    row_by_row = {name for name, (_, is_by_columns) in found.items() if not is_by_columns}
    assert all("setup" in name or "features" in name for name in row_by_row), row_by_row


KEYS = {
    "data": ("did", "name", "version", "uploader", "status", "format", "file_id", "odd"),
    "tasks": ("task_id", "task_type_id", "task_type", "did", "name", "status", "tag", "tag"),
    "evaluations": (
        *("run_id", "task_id", "setup_id", "flow_id", "flow_name", "function", "value"),
        *("array_data", "values", "upload_time", "data_name", "uploader", "parameters"),
    ),
    "runs": ("run_id", "task_id", "setup_id", "flow_id", "uploader", "upload_time", "run_details"),
}
VALUES = (
    "1",
    "23",
    "4.5",
    "",
    " ",
    "a&amp;b",
    " padded ",
    "[0.5,?]",
    "[0.5,1]",
    "2014-04-06 23:30:40",
)
ODDITIES = (
    *("text", "<oml:did><oml:did/></oml:did>", "<x/>", "<oml:odd/>", "<oml:odd></oml:odd>"),
    *("<!-- a > b -->", "<!-- < -->", "<!-- <oml:did>9</oml:did> -->", "<?php echo 1 ?>"),
    *("<oml:odd>1 > 0</oml:odd>", "<oml:odd><![CDATA[</oml:odd>]]></oml:odd>", "&unknown;", "\x01"),
    *("<oml:name >a</oml:name >", "<name>a</name>", '<oml:odd a="1">b</oml:odd>', "<oml:odd>"),
    *('<oml:quality name="A" id="1">1</oml:quality>', "<oml:quality name='A'>1</oml:quality>"),
    *('<oml:quality name="A > B">1</oml:quality>', '<oml:quality name="a&amp;b">1</oml:quality>'),
    '<oml:quality name="A"> </oml:quality>',
    '<oml:quality xmlns:oml="x" name="A">1</oml:quality>',
    *('<oml:name xmlns:oml="x">a</oml:name>', "<oml:tag>&#65;&#x42;&#13;\r\n&quot;</oml:tag>"),
    *("<oml:array_data>[1],[2]</oml:array_data>", "<oml:values>[1,null,true]</oml:values>"),
    *("<oml:upload_time>2014-04-06T23:30:40+02:00</oml:upload_time>", "\u00a0"),
    *("<oml:did />", "<oml:did/>", '<oml:quality name="C" />', "<oml:tag  />", "<oml:name a='/'/>"),
    *("<oml:upload_time>2014-04-06</oml:upload_time>", "<oml:run_id>٣</oml:run_id>"),
    "<oml:run_id>1_0</oml:run_id>",
)
"""What no list has, well-formed and not."""
VALUES_OF = {
    "upload_time": ("2014-04-06 23:30:40", "0000-00-00 00:00:00", ""),
    "array_data": ("[0.5,1]", "Linux", "", "[]"),
    "values": ("[0.5,1]", ""),
    "value": ("0.5", "NAN", "INF", "1", ""),
    "parameters": ("",),
}


@st.composite
def documents(draw: Any) -> tuple[Rows, bytes]:
    """Lists as servers write them and as none does, with and without space."""
    root = draw(st.sampled_from(sorted(KEYS)))
    document = LISTS[root]
    space = draw(st.sampled_from(["", "\n    ", "\r\n  ", "\t"]))
    rows = []
    for n in range(draw(st.integers(1, 6))):
        is_odd = draw(st.integers(0, 9)) == 0
        keys = [key for key in KEYS[root] if draw(st.integers(0, 19)) < 18]
        cells = []
        for key in keys:
            is_number = key.endswith(("id", "version", "uploader"))
            usual = (str(n),) if is_number else VALUES_OF.get(key, ("a", "b c", " padded "))
            value = draw(st.sampled_from(VALUES if is_odd else usual))
            cells.append(f"<oml:{key}>{value}</oml:{key}>")
        for element in ("quality", "input"):
            for name in draw(st.lists(st.sampled_from(["A", "B", "C", "status"]), max_size=3)):
                value = draw(st.sampled_from(VALUES if is_odd else ("1", "2.5", "")))
                cells.append(f'<oml:{element} name="{name}">{value}</oml:{element}>')
        if is_odd:
            cells.append(draw(st.sampled_from(ODDITIES)))
        rows.append(space + space.join(cells) + space)
    return document, wrapped(document, *rows)


@settings(max_examples=400, deadline=None)
@given(documents())
def test_any_list_is_the_same_both_ways(case: tuple[Rows, bytes]) -> None:
    document, body = case
    complaint = complaint_of(xml.read, document, body)
    assert complaint_of(columns.read, document, body) == complaint
    if complaint is None:
        assert_same(document, body)


def complaint_of(read: Any, document: Rows, body: bytes) -> str | None:
    try:
        read(document, body, source="here")
    except ProtocolError as error:
        return str(error)
    return None


def test_a_long_list_is_read_in_blocks_by_columns() -> None:
    chance = random.Random(0)
    rows = [
        DATASET.format(id=n, rows=chance.randrange(10**6))
        + (f"<oml:file_id>{n}</oml:file_id>" if n % 7 else "")
        + f'<oml:quality name="Q{n // 3000}">{n}</oml:quality>'
        for n in range(1, 7001)
    ]
    body = wrapped(DATASETS, *rows)
    assert len(body) > 4 * columns.BLOCK_BYTES
    assert_same(DATASETS, body, by_columns=True)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_wherever_blocks_end_the_rows_are_the_same(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "BLOCK_BYTES", size)
    rows = [DATASET.format(id=n, rows=n).replace(">a<", f">a&amp;&gt;{n}<") for n in range(1, 30)]
    assert_same(DATASETS, wrapped(DATASETS, *rows), by_columns=True)


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY e "boom">]>' + wrapped(DATASETS, DATASET.format(id=1, rows=1)),
        wrapped(DATASETS, DATASET.format(id="three", rows=1)),
        wrapped(DATASETS, DATASET.format(id=2**63, rows=1)),
        wrapped(DATASETS, "<oml:did>1</oml:did>"),
        wrapped(DATASETS, DATASET.format(id=1, rows=1) * 2),
        wrapped(DATASETS, DATASET.format(id=1, rows=1))[:-3],
        wrapped(DATASETS, DATASET.format(id=1, rows=1)) + b"<oml:x/>",
        wrapped(DATASETS, DATASET.format(id=1, rows=1)).replace(b">a<", b">\xff<"),
        wrapped(DATASETS, DATASET.format(id=1, rows=1)).replace(b":oml=", b":other="),
        wrapped(DATASETS, DATASET.format(id=1, rows=1)).replace(b"</oml:did>", b"</oml:id>"),
        wrapped(DATASETS, "<oml:x>" * 400 + "</oml:x>" * 400),
        wrapped(RUNS, ""),
        b"no XML",
        b"",
    ],
)
def test_what_is_wrong_is_said_as_it_is_row_by_row(body: bytes) -> None:
    with pytest.raises(ProtocolError) as expected:
        xml.read(DATASETS, body, source="data/list")
    with pytest.raises(ProtocolError) as found:
        columns.read(DATASETS, body, source="data/list")
    assert str(found.value) == str(expected.value)


def test_a_document_may_be_declared_and_end_in_nul_bytes() -> None:
    body = wrapped(DATASETS, DATASET.format(id=1, rows=1))
    declared = b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n\0\0"
    assert_same(DATASETS, declared, by_columns=True)


def test_a_quality_without_a_value_is_none_and_its_row_a_regular_one() -> None:
    empty = DATASET.format(id=1, rows=1).replace("1.0<", "<")
    body = wrapped(DATASETS, empty, DATASET.format(id=2, rows=2), empty.replace(">1<", ">3<", 1))
    assert_same(DATASETS, body, by_columns=True)


def test_what_is_held_of_a_long_document_does_not_grow_with_it() -> None:
    def peak(n_rows: int) -> int:
        rows = [DATASET.format(id=n, rows=n) for n in range(1, n_rows + 1)]
        body = wrapped(DATASETS, *rows)
        reader = columns._Reader(DATASETS, columns._plan_of(DATASETS.record))
        reader._take_rows = lambda tokens: len(tokens) > 0  # type: ignore[method-assign]
        tracemalloc.start()
        reader.read(body)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(20_000) < 1.2 * peak(2_000)


def test_rows_without_common_keys_do_not_fill_the_memory_with_columns() -> None:
    rows = [
        DATASET.format(id=n, rows=n).replace("NumberOfInstances", f"Q{n}") for n in range(1, 1200)
    ]
    assert_same(DATASETS, wrapped(DATASETS, *rows[:900]), by_columns=True)
    assert not isinstance(columns.read(DATASETS, wrapped(DATASETS, *rows), source="x"), Columns)


def test_an_endless_row_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_ROW_BYTES", 1000)
    monkeypatch.setattr(columns, "BLOCK_BYTES", 1000)
    many = "<oml:odd>1</oml:odd>" * 1000
    assert_same(DATASETS, wrapped(DATASETS, DATASET.format(id=1, rows=1) + many), by_columns=False)


def pages_of(*ids: Sequence[int]) -> list[Columns[Any]]:
    bodies = [wrapped(DATASETS, *(DATASET.format(id=n, rows=n) for n in page)) for page in ids]
    return [columns.read(DATASETS, body, source="data/list") for body in bodies]


def test_a_frame_keeps_each_row_once_as_iterating_does() -> None:
    frame = frame_of(*pages_of([1, 2, 3], [3, 4, 5], [6]), key=("id",))
    assert list(frame["id"]) == [1, 2, 3, 4, 5, 6]
    assert list(frame["NumberOfInstances"]) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_a_listing_that_became_a_frame_has_its_length_and_its_rows() -> None:
    waiting: list[Sequence[Any]] = [*pages_of([1, 2], [3]), ()]
    listing = Listing(lambda _, __: waiting.pop(0), page_size=1, key=("id",))
    first = listing[0]
    frame = listing.to_pandas()
    assert len(listing) == len(frame) == 3
    assert [row.id for row in listing] == list(frame["id"]) == [1, 2, 3]
    assert listing[0] is first
    assert waiting == []


def test_keys_that_later_pages_bring_are_columns_at_the_end() -> None:
    first = wrapped(DATASETS, DATASET.format(id=1, rows=1))
    second = wrapped(DATASETS, DATASET.format(id=2, rows=1).replace("NumberOf", "AmountOf"))
    pages = [columns.read(DATASETS, body, source="x") for body in (first, second)]
    rows = [xml.read(DATASETS, body, source="x") for body in (first, second)]
    assert all(isinstance(page, Columns) for page in pages)
    frame = frame_of(*pages)
    assert list(frame)[-1] == "AmountOfInstances"
    pd.testing.assert_frame_equal(frame, frame_of(*rows))
