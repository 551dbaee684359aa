"""scikit-learn's fetch_openml on a server and on its own recorded files, compared.

``fetch_openml.py ADDRESS`` prints a JSON object: the outcome of each call that was compared, what
differs, and what each version of a name is.  It knows nothing of openml_client, and runs with the
scikit-learn of the Python that is asked.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import scipy.sparse
import sklearn
from sklearn.datasets import _openml, fetch_openml

RECORDED = Path(sklearn.__file__).parent / "datasets" / "tests" / "data" / "openml"
NAMES = {
    61: "iris",
    3: "kr-vs-kp",
    62: "zoo",
    561: "cpu",
    40675: "glass2",
    40945: "Titanic",
    42585: "penguins",
    292: "Australian",
}
"""The datasets whose files are whole, by their id on openml.org; the last is sparse and cut."""

COMPARED = ("data", "target", "frame", "feature_names", "target_names", "categories")


def main(address: str) -> dict[str, Any]:
    outcomes: dict[str, str] = {}
    differences: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as cache:
        for (id_, name), as_frame, parser in itertools.product(
            NAMES.items(), (True, False), ("pandas", "liac-arff")
        ):
            options = {"as_frame": as_frame, "parser": parser}
            call = f"{name}, as_frame={as_frame}, {parser}"
            with recorded(id_):
                wanted = fetched(data_id=id_, cache=False, **options)
            with redirected(address):
                found = fetched(name=name, version=1, data_home=cache, **options)
                if isinstance(found, str):
                    by_id = found
                else:
                    by_id = fetched(data_id=int(found.details["id"]), data_home=cache, **options)
            outcomes[call] = "error" if isinstance(wanted, str) else "fetched"
            differing = [f"by name: {one}" for one in compared(wanted, found)]
            differing += [f"by id: {one}" for one in compared(wanted, by_id)]
            if differing:
                differences[call] = differing
        with redirected(address):
            versions = {version: of_version(version, cache) for version in (1, 2)}
            unknown = fetched(name="irises", version=1, data_home=cache)
    return {
        "version": sklearn.__version__,
        "outcomes": outcomes,
        "differences": differences,
        "versions": versions,
        "unknown": unknown,
    }


def of_version(version: int, cache: str) -> tuple[str, tuple[int, ...]]:
    """The version that iris of this version says it is, and its shape."""
    found = fetch_openml(
        name="iris", version=version, data_home=cache, as_frame=False, parser="liac-arff"
    )
    return found.details["version"], found.data.shape


def fetched(**options: Any) -> Any:
    """What a call gives, or the text of its error.

    Some calls fail on the recorded files as well: those for arrays of texts, and with pandas 3
    those that read labels as true and false by the pandas parser.
    """
    try:
        return fetch_openml(**options)
    except (ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


@contextmanager
def redirected(address: str) -> Iterator[None]:
    """Calls go to a server of one's own, in place of that of OpenML."""
    names = ("_OPENML_PREFIX", "_SEARCH_NAME", "_DATA_INFO", "_DATA_FEATURES", "_DATA_QUALITIES")
    addresses = {name: getattr(_openml, name) for name in names if hasattr(_openml, name)}
    # Older versions have one prefix, newer ones whole addresses.
    moved = {name: re.sub("^https://[a-z.]+", address, value) for name, value in addresses.items()}
    assert moved != addresses
    with mock.patch.multiple(_openml, **moved):
        yield


@contextmanager
def recorded(id_: int) -> Iterator[None]:
    """Calls are answered from the files that scikit-learn keeps for its own tests."""

    def urlopen(request: Any) -> RecordedAnswer:
        for pattern, name in (
            ("/data/features/", f"api-v1-jdf-{id_}.json.gz"),
            ("/data/qualities/", f"api-v1-jdq-{id_}.json.gz"),
            ("/json/data/", f"api-v1-jd-{id_}.json.gz"),
            ("/data/v1/download/", "data-v1-dl-*.arff.gz"),
        ):
            if pattern in request.full_url:
                (path,) = (RECORDED / f"id_{id_}").glob(name)
                return RecordedAnswer(gzip.decompress(path.read_bytes()))
        raise AssertionError(f"nothing is recorded for {request.full_url}")

    with mock.patch.object(_openml, "urlopen", urlopen):
        yield


class RecordedAnswer(io.BytesIO):
    """As much of an HTTP answer as is read."""

    def info(self) -> dict[str, str]:
        return {}


def compared(wanted: Any, found: Any) -> Iterator[str]:
    """What differs between two outcomes."""
    if isinstance(wanted, str) or isinstance(found, str):
        if wanted != found:
            yield f"{wanted} != {found}"
        return
    for name in COMPARED:
        try:
            same(wanted[name], found[name])
        except AssertionError as error:
            yield f"{name}: {error}"
    for name in ("name", "md5_checksum", "default_target_attribute"):
        if wanted.details.get(name) != found.details.get(name):
            yield f"{name}: {wanted.details.get(name)} != {found.details.get(name)}"


def same(wanted: Any, found: Any) -> None:
    """Nothing, if two values are equal in type and content."""
    assert type(wanted) is type(found), f"{type(wanted)} != {type(found)}"
    if isinstance(wanted, pd.DataFrame):
        pd.testing.assert_frame_equal(wanted, found)
    elif isinstance(wanted, pd.Series):
        pd.testing.assert_series_equal(wanted, found)
    elif scipy.sparse.issparse(wanted):
        assert (wanted.dtype, wanted.shape) == (found.dtype, found.shape)
        assert (wanted != found).nnz == 0
    elif isinstance(wanted, np.ndarray):
        assert wanted.dtype == found.dtype
        # As a frame, in which missing values of mixed columns are equal.
        pd.testing.assert_frame_equal(pd.DataFrame(wanted), pd.DataFrame(found))
    else:
        assert wanted == found, f"{wanted} != {found}"


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout)
