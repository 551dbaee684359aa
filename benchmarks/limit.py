"""The bare work, done as fast as is known; it checks nothing and knows the files."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

Work = Callable[[], Any]

pd.DataFrame({"a": [1]})


def _header(path: str) -> tuple[int, list[tuple[str, str]]]:
    """Lines of the header, and what it declares."""
    declared: list[tuple[str, str]] = []
    with Path(path).open("rb") as file:
        for n, line in enumerate(file):
            if line.startswith(b"@attribute"):
                _, name, kind = line.decode().split(maxsplit=2)
                declared.append((name, kind))
            if line.startswith(b"@data"):
                return n + 1, declared
    raise ValueError(f"{path} has no data")


def _types(declared: list[tuple[str, str]]) -> dict[str, pa.DataType]:
    label, text = pa.dictionary(pa.int32(), pa.string()), pa.string()
    return {
        name: label if kind.startswith("{") else text if kind.startswith("STRING") else pa.float64()
        for name, kind in declared
    }


def _read(
    path: str, *, content: bytes | None = None, is_plain: bool = False, threads: bool = True
) -> pa.Table:
    n_lines, declared = _header(path)
    quotes: Any = csv.ParseOptions(quote_char="'", escape_char="\\")
    missing: dict[str, Any] = {
        "null_values": ["?"],
        "strings_can_be_null": True,
        "quoted_strings_can_be_null": False,
    }
    if is_plain:
        quotes, missing = csv.ParseOptions(quote_char=False), {}
    return csv.read_csv(
        path if content is None else pa.BufferReader(content),
        csv.ReadOptions(
            skip_rows=n_lines, column_names=[name for name, _ in declared], use_threads=threads
        ),
        quotes,
        csv.ConvertOptions(column_types=_types(declared), **missing),
    )


def arff_to_pandas(path: str, threads: bool = True, splits_blocks: bool = False) -> Work:
    """In the variants that may be the fastest: which one is depends on cores and memory."""

    def work() -> Any:
        table = _read(path, is_plain=_is_plain(path), threads=threads)
        return table.to_pandas(split_blocks=splits_blocks, self_destruct=splits_blocks)

    return work


def pandas_c(path: str) -> Work:
    """Of a file of numbers only."""
    n_lines, declared = _header(path)
    names = [name for name, _ in declared]
    return lambda: pd.read_csv(
        path, skiprows=n_lines, header=None, names=names, dtype=np.float64, engine="c"
    )


def sparse_arff(path: str) -> Work:
    from scipy.sparse import csr_matrix

    def work() -> Any:
        content = Path(path).read_bytes()
        header, _, body = content.partition(b"@data\n")
        array = np.frombuffer(body, dtype=np.uint8)
        commas, feeds = np.flatnonzero(array == ord(",")), np.flatnonzero(array == ord("\n"))
        counts = np.diff(np.searchsorted(commas, feeds), prepend=0) + 1
        lines = body.translate(bytes.maketrans(b",", b"\n"), b"{}")
        table = csv.read_csv(
            pa.BufferReader(lines),
            csv.ReadOptions(column_names=["index", "value"]),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(column_types={"index": pa.int32(), "value": pa.float64()}),
        )
        bounds = np.concatenate([[0], np.cumsum(counts)])
        parts = (table["value"].to_numpy(), table["index"].to_numpy(), bounds)
        return csr_matrix(parts, shape=(len(counts), header.count(b"@attribute")))

    return work


def write_arff(path: str) -> Work:
    from benchmarks.data import dense_frame

    frame = dense_frame(path)

    def work() -> bytes:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        sink = pa.BufferOutputStream()
        header = "".join(f"@ATTRIBUTE {name} REAL\n" for name in frame.columns)
        sink.write(f"@RELATION dense\n{header}@DATA\n".encode())
        csv.write_csv(table, sink, csv.WriteOptions(include_header=False))
        return bytes(sink.getvalue())

    return work


def parse(content: bytes, path: str) -> Any:
    """Frame of a file that is as the one at a path."""
    return _read(path, content=content, is_plain=_is_plain(path)).to_pandas()


def _is_plain(path: str) -> bool:
    """Whether it is a file of numbers only."""
    return Path(path).name.startswith("dense")


def download_and_parse(url: str, path: str) -> Work:
    """Of a dense file that is as the one at a path."""
    import requests

    return lambda: parse(requests.get(url, timeout=60).content, path)


def mapped(path: str, arff: str) -> Work:
    """An Arrow file, mapped; it is made of the ARFF file when it is missing."""
    kept = Path(path)
    if not kept.exists():
        table = _read(arff, is_plain=_is_plain(arff)).combine_chunks()
        with pa.OSFile(str(kept), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)

    def work() -> Any:
        return pa.ipc.open_file(pa.memory_map(str(kept))).read_all().to_pandas(split_blocks=True)

    return work


def read_splits(path: str) -> Work:
    """Columns by pyarrow, and one stable sort, which brings the rows of each part together."""
    n_lines, declared = _header(path)
    names = [name for name, _ in declared]
    types = {name: pa.int32() for name in names} | {"type": pa.string()}

    def work() -> Any:
        table = csv.read_csv(
            path,
            csv.ReadOptions(skip_rows=n_lines, column_names=names),
            csv.ParseOptions(quote_char=False),
            csv.ConvertOptions(column_types=types),
        )
        rows, repeats, folds = (table[n].to_numpy() for n in ("rowid", "repeat", "fold"))
        # "TEST" has four letters, "TRAIN" five.
        is_test = pc.binary_length(table["type"]).to_numpy() == len("TEST")
        n_folds = int(folds.max()) + 1
        keys = ((repeats * n_folds + folds) * 2 + is_test).astype(np.int16)
        order = np.argsort(keys, kind="stable")
        bounds = np.searchsorted(keys[order], np.arange(int(keys.max()) + 2)).tolist()
        ordered = rows[order]
        parts = [ordered[a:b] for a, b in itertools.pairwise(bounds)]
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return {(n // n_folds, n % n_folds, 0): pair for n, pair in enumerate(pairs)}

    return work


def mapped_splits(path: str, n_rows: int) -> Work:
    from benchmarks.data import split_columns

    kept = Path(path)
    if not kept.exists():
        with kept.open("wb") as file:
            np.save(file, split_columns(n_rows, 10, 10)[1].astype(np.int32))
    return lambda: int(np.load(kept, mmap_mode="r").shape[0])


def write_predictions(n_rows: int) -> Work:
    from benchmarks.data import classes, predictions

    columns = predictions(n_rows)
    labels = classes()

    def work() -> bytes:
        text = pa.string()
        numbers = (pa.array(columns[name]).cast(text) for name in ("fold", "row_id"))
        named = (pa.array(labels).take(pa.array(columns[name])) for name in ("prediction", "truth"))
        chances = (pa.array(columns["confidence"][:, n]).cast(text) for n in range(len(labels)))
        joined = pc.binary_join_element_wise(
            pa.array(["0"]).take(pa.array(np.zeros(n_rows, dtype=np.int32))),
            *(*numbers, *named, *chances, ","),
        )
        lines = pc.binary_join(pa.ListArray.from_arrays([0, n_rows], joined), "\n")
        return bytes(b"@DATA\n" + lines[0].as_buffer().to_pybytes() + b"\n")

    return work
