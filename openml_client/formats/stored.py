"""Tables as Arrow IPC files that are mapped: opening one reads and copies nothing.

Where a value is missing, the file says so in a bitmap, as Arrow has it, and the place of the value
itself holds NaN, -1 or NaT, as numpy has it: so either sees its own in the same bytes.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError
from openml_client.formats.arff import NUMBERS, Attribute, codes_dtype
from openml_client.formats.table import Table

if TYPE_CHECKING:
    import pyarrow as pa
    from scipy.sparse import csr_matrix

    from openml_client.model.dataset import Feature

VERSION = "table-1"
"""Changes with what is in the files."""

_ATTRIBUTES, _SHAPE = b"openml_client.attributes", b"openml_client.shape"
_PARTS = ("data", "indices", "indptr")
"""Of a sparse matrix, each the one value of a column of lists."""


def write_stored(table: Table, sink: IO[bytes]) -> None:
    """Write a table, which `open_stored` gives back."""
    import pyarrow as pa

    attributes = json.dumps([asdict(attribute) for attribute in table.attributes])
    metadata = {_ATTRIBUTES: attributes.encode()}
    if table.is_sparse:
        matrix = table.sparse(copy=False)
        metadata[_SHAPE] = json.dumps(matrix.shape).encode()
        parts = [pa.array(getattr(matrix, name)) for name in _PARTS]
        lists = [pa.LargeListArray.from_arrays([0, len(part)], part) for part in parts]
        batch = pa.RecordBatch.from_arrays(lists, names=list(_PARTS))
    else:
        arrays = table.arrow_columns()
        # Places instead of names: Arrow takes any, but two may be alike for other readers.
        batch = pa.RecordBatch.from_arrays(arrays, names=[str(n) for n in range(len(arrays))])
    schema = batch.schema.with_metadata(metadata)
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch.replace_schema_metadata(metadata))


def open_stored(
    file: BinaryIO, features: Sequence[Feature] = (), *, target: Sequence[str] = ()
) -> Table:
    """The table of an open file, which may be closed afterwards.

    What is written into a view of it changes neither the file nor other views.

    Raises
    ------
    FormatError
        If it is no such file.
    """
    import pyarrow as pa

    n_bytes = file.seek(0, 2)
    try:
        kept = mmap.mmap(file.fileno(), n_bytes, access=mmap.ACCESS_READ)
        batch = _batch(kept)
        metadata = batch.schema.metadata or {}
        items = json.loads(metadata[_ATTRIBUTES])
        attributes = [Attribute(**{**item, "labels": tuple(item["labels"])}) for item in items]
        # A mapping of its own, whose pages are copied where they are written.
        own = mmap.mmap(file.fileno(), n_bytes, access=mmap.ACCESS_COPY)
        views = _Views(own, _batch(own))
        if _SHAPE in metadata:
            shape = tuple(json.loads(metadata[_SHAPE]))
            sparse = views.matrix(shape)
            return Table(attributes, sparse=sparse, features=features, target=target)
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the stored table is broken: {error}") from error
    names = [attribute.name for attribute in attributes]
    return Table(
        attributes,
        columns=[views.column(a, n) for n, a in enumerate(attributes)],
        arrow=pa.Table.from_arrays(batch.columns, names=names),
        features=features,
        target=target,
    )


def _batch(content: mmap.mmap) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.ipc.open_file(pa.py_buffer(content)).get_batch(0)


class _Views:
    """Numpy's views of the columns of a mapped batch, which may be written."""

    def __init__(self, content: mmap.mmap, batch: pa.RecordBatch) -> None:
        import pyarrow as pa

        self._content = content
        self._batch = batch
        self._address = pa.py_buffer(content).address

    def column(self, attribute: Attribute, place: int) -> Any:
        """A column as `Table` has it."""
        column = self._batch.column(place)
        if attribute.kind == "string":
            return column
        if attribute.kind == "nominal":
            return self._view(column.indices, codes_dtype(attribute.labels))
        if attribute.kind in NUMBERS:
            return self._view(column, column.type.to_pandas_dtype())
        return self._view(column, "datetime64[us]")

    def matrix(self, shape: Sequence[int]) -> csr_matrix:
        """The matrix that the batch holds."""
        from scipy.sparse import csr_matrix

        lists = [column.flatten() for column in self._batch.columns]
        data, indices, indptr = (self._view(a, a.type.to_pandas_dtype()) for a in lists)
        return csr_matrix((data, indices, indptr), shape=tuple(shape))

    def _view(self, array: pa.Array, dtype: Any) -> NDArray[Any]:
        buffer = array.buffers()[1]
        if buffer is None or not len(array):
            return np.empty(0, dtype=dtype)
        offset = buffer.address - self._address + array.offset * np.dtype(dtype).itemsize
        return np.frombuffer(self._content, dtype=dtype, count=len(array), offset=offset)
