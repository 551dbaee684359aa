"""The files that are measured, the same at every run, made once per folder."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

SEED = 4
VERSION = "5"
"""Changes with what is in the files, so that those of another version are made anew."""
LINES_AT_ONCE = 50_000
SHARE_MISSING = 0.02
LABELS = [f"level {n}" for n in range(8)]


class Scratch:
    """A folder of files that are made when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / VERSION
        self.folder.mkdir(parents=True, exist_ok=True)

    def file(self, name: str, make: Callable[[Path], None]) -> Path:
        """Where the file lies; it is whole, or it is made."""
        path = self.folder / name
        if not path.exists():
            unfinished = path.with_name(path.name + ".part")
            make(unfinished)
            unfinished.rename(path)
        return path

    def emptied(self, place: Path) -> Path:
        """A folder in this one, with nothing in it."""
        folder = self.folder / place
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def dense(self, n_rows: int, n_columns: int) -> Path:
        """Numbers with six digits behind the point."""
        name = f"dense-{n_rows}-{n_columns}.arff"
        return self.file(name, lambda path: _write_dense(path, n_rows, n_columns))

    def mixed(self, n_rows: int, n_columns: int = 30) -> Path:
        """A third each of numbers, quoted labels and texts with commas and escapes; some ``?``.

        The first labels, which are the target, have none missing: fetch_openml wants it so.
        """
        name = f"mixed-{n_rows}-{n_columns}.arff"
        return self.file(name, lambda path: _write_mixed(path, n_rows, n_columns))

    def sparse(self, n_rows: int = 10_000, n_columns: int = 20_000, n: int = 1_000_000) -> Path:
        """Numbers that a float32 holds, too."""
        name = f"sparse-{n_rows}-{n_columns}-{n}.arff"
        return self.file(name, lambda path: _write_sparse(path, n_rows, n_columns, n))

    def labelled(self, n_rows: int, n_columns: int = 5) -> Path:
        """Numbers without a gap, and a label at the end."""
        name = f"labelled-{n_rows}-{n_columns}.arff"
        return self.file(name, lambda path: _write_labelled(path, n_rows, n_columns - 1))

    def splits(self, n_rows: int, n_repeats: int = 10, n_folds: int = 10) -> Path:
        """As the server writes them: each fold's training rows, then its test rows."""
        name = f"splits-{n_rows}-{n_repeats}-{n_folds}.arff"
        return self.file(name, lambda path: _write_splits(path, n_rows, n_repeats, n_folds))


def _header(relation: str, declared: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"@relation {relation}", ""]
    lines += [f"@attribute {name} {kind}" for name, kind in declared]
    return "\n".join([*lines, "", "@data", ""]).encode()


def _write_rows(path: Path, header: bytes, columns: Sequence[Any]) -> None:
    texts = [pa.array(column).cast(pa.string()) for column in columns]
    lines = pc.binary_join_element_wise(*texts, ",")
    with path.open("wb") as file:
        file.write(header)
        for start in range(0, len(lines), LINES_AT_ONCE):
            some = lines.slice(start, LINES_AT_ONCE).to_pylist()
            file.write(("\n".join(some) + "\n").encode())


def _write_dense(path: Path, n_rows: int, n_columns: int) -> None:
    random = np.random.default_rng(SEED)
    columns = [random.standard_normal(n_rows).round(6) for _ in range(n_columns)]
    _write_rows(path, _header("dense", [(f"x{n}", "REAL") for n in range(n_columns)]), columns)


def _write_mixed(path: Path, n_rows: int, n_columns: int) -> None:
    random = np.random.default_rng(SEED)
    quoted = np.array([f"'{label}'" for label in LABELS], dtype=object)
    words = np.array(
        ["red, green", "it\\'s", "plain", "50 %", "a b c", "x,y", "say \\'no\\'"], dtype=object
    )
    texts = np.array([f"'{a} {b}'" for a in words for b in words], dtype=object)
    declared, columns = [], []
    for n in range(n_columns):
        missing = random.random(n_rows) < (SHARE_MISSING if n != 1 else 0)
        if n % 3 == 0:
            declared.append((f"number{n}", "REAL"))
            column = pa.array(random.standard_normal(n_rows).round(6)).cast(pa.string())
        elif n % 3 == 1:
            declared.append((f"label{n}", "{" + ",".join(quoted) + "}"))
            column = pa.array(quoted[random.integers(0, len(quoted), n_rows)])
        else:
            declared.append((f"text{n}", "STRING"))
            column = pa.array(texts[random.integers(0, len(texts), n_rows)])
        columns.append(pc.if_else(pa.array(missing), "?", column))
    _write_rows(path, _header("mixed", declared), columns)


def _write_labelled(path: Path, n_rows: int, n_numbers: int) -> None:
    random = np.random.default_rng(SEED)
    columns: list[Any] = [random.standard_normal(n_rows).round(6) for _ in range(n_numbers)]
    columns.append(np.where(columns[0] > 0.1, "yes", "no"))
    declared = [*((f"x{n}", "REAL") for n in range(n_numbers)), ("label", "{no,yes}")]
    _write_rows(path, _header("labelled", declared), columns)


def _write_sparse(path: Path, n_rows: int, n_columns: int, n_entries: int) -> None:
    random = np.random.default_rng(SEED)
    places = np.unique(random.integers(0, n_rows * n_columns, n_entries))
    places = np.unique([0, *places, n_rows * n_columns - 1])  # the peer takes the shape from these
    rows, columns = np.divmod(places, n_columns)
    values = random.integers(1, 2**16, len(places)) / 64
    entries = [f"{c} {v}" for c, v in zip(columns.tolist(), values.tolist(), strict=True)]
    bounds = np.searchsorted(rows, np.arange(n_rows + 1)).tolist()
    lines = ("{" + ",".join(entries[a:b]) + "}" for a, b in itertools.pairwise(bounds))
    header = _header("sparse", [(f"x{n}", "REAL") for n in range(n_columns)])
    path.write_bytes(header + "\n".join(lines).encode() + b"\n")


def split_columns(n_rows: int, n_repeats: int, n_folds: int) -> tuple[np.ndarray, ...]:
    """Whether it is a test row, row, repeat and fold of each line."""
    random = np.random.default_rng(SEED)
    tests, rows, repeats, folds = [], [], [], []
    for repeat in range(n_repeats):
        order = random.permutation(n_rows)
        for fold, test in enumerate(np.array_split(np.arange(n_rows), n_folds)):
            rows += [np.delete(order, test), order[test]]
            tests.append(np.arange(n_rows) >= n_rows - len(test))
            repeats.append(np.full(n_rows, repeat))
            folds.append(np.full(n_rows, fold))
    return tuple(np.concatenate(parts) for parts in (tests, rows, repeats, folds))


def _write_splits(path: Path, n_rows: int, n_repeats: int, n_folds: int) -> None:
    is_test, *others = split_columns(n_rows, n_repeats, n_folds)
    declared = [("type", "{TRAIN,TEST}"), ("rowid", "numeric"), ("repeat", "numeric")]
    kinds = np.where(is_test, "TEST", "TRAIN")
    _write_rows(path, _header("splits", [*declared, ("fold", "numeric")]), [kinds, *others])


def predictions(n_rows: int) -> dict[str, np.ndarray]:
    """Columns of a file of predictions: four classes, one repeat of ten folds."""
    random = np.random.default_rng(SEED)
    weights = random.random((n_rows, 4)).round(6) + 1
    return {
        "fold": (np.arange(n_rows) * 10 // n_rows).astype(np.int32),
        "row_id": random.permutation(n_rows),
        "prediction": random.integers(0, 4, n_rows).astype(np.int32),
        "truth": random.integers(0, 4, n_rows).astype(np.int32),
        "confidence": weights / weights.sum(axis=1, keepdims=True),
    }


def classes() -> tuple[str, ...]:
    """Labels of these predictions."""
    return ("setosa", "versicolor", "virginica", "other")


def dense_frame(path: str) -> pd.DataFrame:
    """The numbers of a dense file, read by pandas."""
    with Path(path).open("rb") as file:
        skipped = next(n for n, line in enumerate(file) if line.startswith(b"@data")) + 1
    width = skipped - 4
    names = [f"x{n}" for n in range(width)]
    return pd.read_csv(path, skiprows=skipped, header=None, names=names)
