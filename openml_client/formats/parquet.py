"""Tables as Parquet files, both ways.

A file that was written here gives back the same table as the ARFF file that it was made of: what
the ARFF header declares stands in the metadata of the schema.  In the files of other servers it
does not; there the columns are read as what the registry describes.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError
from openml_client.formats.arff import NUMBERS, ArffFile, Attribute, Kind, codes_dtype
from openml_client.formats.table import Table
from openml_client.model.dataset import Feature

if TYPE_CHECKING:
    import pyarrow as pa

METADATA_KEY = b"openml_client.attributes"
"""JSON of the attributes, in the metadata of the schema."""

TRUTH = frozenset({"true", "false"})
"""Labels of boolean columns, in any case."""


def write_parquet(table: Table) -> bytes:
    """The bytes of a file that `read_parquet` gives back as the same table.

    Floats are byte-stream-split, which makes zstd a fifth better and three times faster on them;
    every page has a checksum.

    Raises
    ------
    FormatError
        If the data is sparse: Parquet has no sparse columns.
    """
    if table.is_sparse:
        raise FormatError("sparse data can't be written as Parquet", hint="Keep the ARFF file.")
    import pyarrow as pa
    import pyarrow.parquet as pq

    attributes = json.dumps([asdict(attribute) for attribute in table.attributes])
    data = _as_openml_has_it(table).replace_schema_metadata({METADATA_KEY: attributes})
    floats = [field.name for field in data.schema if pa.types.is_floating(field.type)]
    sink = io.BytesIO()
    pq.write_table(
        data,
        sink,
        compression="zstd",
        use_dictionary=sorted({*table.names} - {*floats}),
        use_byte_stream_split=floats,
        write_page_checksum=True,
    )
    return sink.getvalue()


def _as_openml_has_it(table: Table) -> pa.Table:
    """The same columns with the types that they have in the Parquet files of OpenML.

    Those were made of what openml-python reads of ARFF files: categories are ordered, and a pair
    of labels that mean true and false is a boolean.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = []
    data = table.to_arrow()
    for attribute, column in zip(table.attributes, data.columns, strict=True):
        if _is_truth(attribute):
            text = pc.utf8_lower(column.cast(pa.string()))
            columns.append(pc.equal(text, pa.scalar("true")))
        elif pa.types.is_dictionary(column.type):
            type_ = pa.dictionary(column.type.index_type, column.type.value_type, True)
            columns.append(column.cast(type_))
        else:
            columns.append(column)
    return pa.table(columns, names=data.column_names)


def _is_truth(attribute: Attribute) -> bool:
    labels = attribute.labels
    return len(labels) == 2 and {label.lower() for label in labels} == TRUTH


def read_parquet(
    source: bytes | Path,
    features: Sequence[Feature] = (),
    *,
    target: Sequence[str] = (),
    attributes: Sequence[Attribute] | None = None,
) -> Table:
    """The table of a Parquet file.

    Parameters
    ----------
    source
        The bytes of the file, or where it lies.
    features, target
        As for `Table.from_arff`.
    attributes
        What the columns are, where the caller knows it; else the file's own metadata say it, and
        where they don't, its column types and the features.

    Raises
    ------
    FormatError
        If this is no Parquet file, a broken one, or one whose columns are not those of the
        attributes or features.
    OSError
        If a path can't be read.
    """
    content = source.read_bytes() if isinstance(source, Path) else source
    # No name holds the Arrow table, so that it goes as its columns are taken over.
    file = columns_of(read_arrow(content), features, attributes=attributes)
    return Table.from_arff(file, features, target=target)


def columns_of(
    data: pa.Table,
    features: Sequence[Feature] = (),
    *,
    attributes: Sequence[Attribute] | None = None,
    what: str = "the Parquet file",
) -> ArffFile:
    """The columns of an Arrow table as an ARFF file has them, whose relation has no name.

    Parameters
    ----------
    features, attributes
        As for `read_parquet`.
    what
        What the table is, for errors.

    Raises
    ------
    FormatError
        If the columns are not those of the attributes, have types that no table has, or one has
        the name of another.
    """
    if len({*data.column_names}) < data.num_columns:
        raise FormatError(f"two columns of {what} have the same name")
    if attributes is None:
        attributes = _from_metadata(data.schema) or _from_types(data, features, what)
    names = [attribute.name for attribute in attributes]
    if names != data.column_names:
        differing = sorted(set(names) ^ set(data.column_names)) or ["their order"]
        raise FormatError(f"{what} has other columns: {', '.join(differing[:5])}")
    n_rows, left = data.num_rows, data.columns[::-1]
    del data
    columns = tuple(_column(attribute, left.pop()) for attribute in attributes)
    return ArffFile("", tuple(attributes), n_rows, columns=columns)


def read_arrow(content: bytes) -> pa.Table:
    """The Arrow table of a Parquet file, without the columns that pandas adds for an index.

    Raises
    ------
    FormatError
        If this is no Parquet file, or a broken one.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        data = file.read()
        data.validate(full=True)
    # OSErrors are pyarrow's own, as nothing is on disk; ValueErrors come of names that are no text.
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FormatError(f"the Parquet file is broken: {error}") from error
    index = re.compile(r"__index_level_\d+__")  # what pandas adds for the index of a frame
    return data.select([n for n, name in enumerate(data.column_names) if not index.fullmatch(name)])


def _from_metadata(schema: pa.Schema) -> list[Attribute] | None:
    """Attributes as the file itself declares them, if it was written here."""
    text = (schema.metadata or {}).get(METADATA_KEY)
    if text is None:
        return None
    try:
        return [_attribute(item) for item in json.loads(text)]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"the Parquet file's metadata {METADATA_KEY!r} are broken") from error


def _attribute(item: dict[str, Any]) -> Attribute:
    attribute = Attribute(**{**item, "labels": tuple(item["labels"])})
    if attribute.kind not in get_args(Kind) or len({*attribute.labels}) < len(attribute.labels):
        raise ValueError(attribute)
    return attribute


def _from_types(data: pa.Table, features: Sequence[Feature], what: str) -> list[Attribute]:
    """Attributes as the column types and the registry's description have them."""
    described = {feature.name.strip(): feature for feature in features}
    return [
        _described(field, data.column(n), described.get(field.name.strip()), what)
        for n, field in enumerate(data.schema)
    ]


def _described(
    field: pa.Field, column: pa.ChunkedArray, feature: Feature | None, what: str
) -> Attribute:
    import pyarrow as pa

    name, type_ = field.name, field.type
    if pa.types.is_dictionary(type_) or (feature is not None and feature.data_type == "nominal"):
        return Attribute(name, "nominal", _labels(column, feature))
    if pa.types.is_boolean(type_):
        return Attribute(name, "nominal", ("True", "False"))  # as in ARFF files of openml-python
    if pa.types.is_integer(type_):
        return Attribute(name, "integer")
    if pa.types.is_floating(type_) or pa.types.is_decimal(type_) or pa.types.is_null(type_):
        return Attribute(name, "numeric")
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        return Attribute(name, "date")
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    if any(is_text(type_) for is_text in texts):
        return Attribute(name, "string")
    raise FormatError(f"column {name!r} of {what} is of type {type_}, which no table has")


def _labels(column: pa.ChunkedArray, feature: Feature | None) -> tuple[str, ...]:
    """Values of a nominal column: the file knows their order, the registry those not used."""
    import pyarrow as pa

    known = feature.nominal_values if feature is not None else ()
    if not pa.types.is_dictionary(column.type):
        return known
    parts = [chunk.dictionary for chunk in column.unify_dictionaries().chunks[:1]]
    return tuple(dict.fromkeys([*(_text(v) for part in parts for v in part.to_pylist()), *known]))


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _column(attribute: Attribute, column: pa.ChunkedArray) -> Any:
    """Values as `ArffFile.columns` has them."""
    import pyarrow as pa

    try:
        if attribute.kind in NUMBERS:
            return _floats(column.cast(pa.float64()))
        if attribute.kind == "date":
            dates = column.cast(pa.timestamp("us")).to_numpy()
            return np.asarray(dates, dtype="datetime64[us]")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise FormatError(
            f"column {attribute.name!r} can't be read as {attribute.kind}: {error}",
            hint="Cast the column before, or take the ARFF file.",
        ) from error
    if attribute.kind == "nominal":
        return _codes(attribute, column)
    return column.cast(pa.large_string()).combine_chunks()


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Values of a column of doubles with NaN for null; in its memory, if they are there as such."""
    if column.num_chunks != 1 or column.null_count or not len(column):
        return np.asarray(column.to_numpy(), dtype=np.float64)
    values, n_values, start = column.chunk(0).buffers()[1], len(column), column.chunk(0).offset
    return np.frombuffer(values, dtype=np.float64, count=n_values, offset=8 * start)


def _codes(attribute: Attribute, column: pa.ChunkedArray) -> NDArray[Any]:
    """Positions in the labels; -1 where a value is missing."""
    import pyarrow as pa

    found = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if not pa.types.is_dictionary(found.type):
        found = found.dictionary_encode()
    places = _places(attribute, found.dictionary.to_pylist())
    codes: NDArray[Any] = places[found.indices.fill_null(len(places) - 1).to_numpy()]
    return codes


def _places(attribute: Attribute, values: Sequence[Any]) -> NDArray[Any]:
    """Positions of the values of a dictionary in the labels, and -1 at the end."""
    labels = {label: n for n, label in enumerate(attribute.labels)}
    if {label.lower() for label in labels} == TRUTH:
        labels |= {label.capitalize(): n for label, n in labels.items()}
    texts = [_text(value) for value in values]
    unknown = next((text for text in texts if text not in labels), None)
    if unknown is not None:
        raise FormatError(
            f"{unknown[:40]!r} is no declared value of column {attribute.name!r}",
            hint=f"Declared are {', '.join(attribute.labels[:10])}.",
        )
    return np.array([*(labels[text] for text in texts), -1], dtype=codes_dtype(attribute.labels))
