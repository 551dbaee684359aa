"""The Parquet file of a dataset, made of its ARFF file."""

from __future__ import annotations

from openml_client.errors import ArffError, IntegrityError
from openml_client.registry import blobs
from openml_client.registry.blobs import missing
from openml_client.registry.calls import Services
from openml_client.registry.store.datasets import StoredDataset

VERSION = 2
"""Of what is written: raised when other bytes are to be made of the same ARFF file."""


def parquet_file(services: Services, stored: StoredDataset) -> str | None:
    """The blob of a dataset's Parquet file, which is made when it is asked for first.

    None if there can be none: the data is sparse, lies elsewhere, or is broken.

    Raises
    ------
    IntegrityError
        If the content of the data file was lost.
    """
    if stored.sha256 is None:
        return None
    key = f"parquet-{VERSION}-{stored.sha256}"
    known = services.blobs.linked(key)
    if known is not None:
        return known
    content = _made(services, stored.sha256, f"dataset {stored.dataset.id}")
    if content is None:
        return None
    sha256 = services.blobs.put(content).sha256
    services.blobs.link(key, sha256)
    return sha256


def _made(services: Services, sha256: str, what: str) -> bytes | None:
    # Heavy with pyarrow, and only needed here.
    from openml_client.formats.arff import read_arff, read_start
    from openml_client.formats.parquet import write_parquet
    from openml_client.formats.table import Table

    try:
        arff = blobs.read(services.blobs, sha256)
    except IntegrityError as error:
        raise missing(what) from error
    try:
        _, is_sparse = read_start(arff)
        return None if is_sparse else write_parquet(Table.from_arff(read_arff(arff)))
    except ArffError:
        return None
