"""What the engine finds in a dataset when it is published."""

from __future__ import annotations

from collections.abc import Sequence

from openml_client.errors import ArffError
from openml_client.formats.arff import ArffFile, read_arff, read_header
from openml_client.model.dataset import Dataset, DatasetDraft, ignored_names
from openml_client.registry.engine.features import describe_features
from openml_client.registry.engine.landmarkers.compute import compute_landmarkers
from openml_client.registry.engine.qualities import compute_qualities
from openml_client.registry.store.datasets import Processed

NO_TARGET = "Class is not set!"
"""The engine's words for a dataset without exactly one target that it has.
Source: protocol note, section 10."""


def check_names(content: bytes) -> None:
    """Refuse a data file with a column that has no name: documents can't tell of it.

    Raises
    ------
    ArffError
        Naming the attribute by its place, counted from 1.
    """
    _, attributes = read_header(content)
    for place, attribute in enumerate(attributes, start=1):
        if not attribute.name.strip():
            raise ArffError(f"attribute {place} of {len(attributes)} has an empty name")


def process(content: bytes, draft: DatasetDraft | Dataset) -> Processed:
    """The features and qualities of a data file, or what is wrong with it."""
    try:
        arff = read_arff(content)
    except ArffError as error:
        return Processed(error=error.message)
    targets = _targets(draft, arff)
    if len(targets) != 1:
        return Processed(error=NO_TARGET)
    features = describe_features(
        arff,
        target=targets,
        row_id=draft.row_id_attribute,
        ignore=ignored_names(draft.ignore_attributes),
    )
    qualities = {**compute_qualities(arff, features), **compute_landmarkers(arff, features)}
    return Processed(features=features, qualities=dict(sorted(qualities.items())))


def _targets(draft: DatasetDraft | Dataset, arff: ArffFile) -> Sequence[str]:
    """The default targets that the file has; a name may itself have a comma."""
    names = {attribute.name for attribute in arff.attributes}
    text = draft.default_target_attribute or ""
    if text in names:
        return [text]
    wanted = [name.strip() for name in text.split(",")]
    return [name for name in wanted if name in names]
