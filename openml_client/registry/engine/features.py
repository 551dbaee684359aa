"""What the engine says of the columns of a dataset."""

from __future__ import annotations

from collections.abc import Collection

from openml_client.formats.arff import ArffFile
from openml_client.model.dataset import Feature
from openml_client.registry.engine.columns import columns


def describe_features(
    arff: ArffFile,
    *,
    target: Collection[str],
    row_id: str | None = None,
    ignore: Collection[str] = (),
) -> tuple[Feature, ...]:
    """One feature per column, in the order of the file.

    Nominal values stand in the order in which the file declares them.  A server answers them
    sorted, so who serves features sorts them.

    Parameters
    ----------
    arff
        The data file.
    target, row_id, ignore
        Names of columns, as the description of the dataset gives them; names that the file does
        not have are left alone.
    """
    return tuple(
        Feature(
            index=index,
            name=column.name,
            data_type=column.kind,
            nominal_values=column.labels if column.is_nominal else (),
            is_target=column.name in target,
            is_ignore=column.name in ignore,
            is_row_identifier=column.name == row_id,
            number_of_missing_values=int(column.is_missing.sum()),
        )
        for index, column in enumerate(columns(arff))
    )
