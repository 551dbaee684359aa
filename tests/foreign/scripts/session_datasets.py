"""The steps of the session that are about datasets."""

from __future__ import annotations

from typing import Any

import numpy as np
import openml
import pandas as pd
from outcomes import plain, refusal, rows


def publish() -> dict[str, int]:
    """Ids of three new datasets, and of two that are there."""
    frames = {"pydf": mixture(), "pyreg": sums()}
    targets = {"pydf": "y", "pyreg": "target"}
    described = {"pydf": ("from python", ["A", "B"]), "pyreg": ("reg", "A")}
    ids = {}
    for name, frame in frames.items():
        description, creator = described[name]
        dataset = create(name, description, creator, "CC0", frame, "auto", targets[name])
        ids[name] = dataset.publish().dataset_id
    attributes = [("i1", "REAL"), ("i2", "REAL"), ("y", ["0", "1"])]
    entries = [{0: 1.0, 2: "1"}, {1: 2.0, 2: "0"}, {2: "1"}]
    sparse = create("pysparse", "s", "A", "None", entries, attributes, "y")
    ids["pysparse"] = sparse.publish().dataset_id
    for name in ("iris", "diabetes"):
        listed = openml.datasets.list_datasets(data_name=name, output_format="dataframe")
        ids[name] = int(listed["did"].min())
    return ids


def create(
    name: str,
    description: str,
    creator: str | list[str],
    licence: str,
    data: Any,
    attributes: Any,
    target: str,
) -> openml.OpenMLDataset:
    return openml.datasets.create_dataset(
        name=name,
        description=description,
        creator=creator,
        contributor=None,
        collection_date="2020",
        language="English",
        licence=licence,
        attributes=attributes,
        data=data,
        default_target_attribute=target,
        ignore_attribute=None,
        citation="none",
    )


def mixture() -> pd.DataFrame:
    """60 rows of columns of all kinds, with a value that is missing."""
    random = np.random.RandomState(0)
    frame = pd.DataFrame(
        {
            "num": random.rand(60),
            "int": random.randint(0, 9, 60),
            "cat": pd.Categorical(random.choice(["a", "b b", "c"], 60)),
            "y": pd.Categorical(random.choice(["no", "yes"], 60)),
        }
    )
    frame.loc[3, "num"] = np.nan
    return frame


def sums() -> pd.DataFrame:
    """50 rows of three numbers and their sum."""
    frame = pd.DataFrame(np.random.RandomState(1).rand(50, 3), columns=["a", "b", "c"])
    frame["target"] = frame["a"] + frame["b"] + frame["c"]
    return frame


def read(ids: dict[str, int]) -> dict[str, Any]:
    """What the new datasets are, by id and by name."""
    dataset = openml.datasets.get_dataset(
        ids["pydf"],
        download_data=True,
        download_qualities=True,
        download_features_meta_data=True,
    )
    x, y, is_categorical, names = dataset.get_data(target="y")
    sparse = openml.datasets.get_dataset(ids["pysparse"], download_data=True)
    entries, *_, sparse_names = sparse.get_data()
    return {
        "described": described(dataset),
        "by name": openml.datasets.get_dataset("pydf", download_data=False).dataset_id,
        "features": [
            [f.index, f.name, f.data_type, f.nominal_values, f.number_missing_values]
            for f in dataset.features.values()
        ],
        "qualities": {name: value for name, value in dataset.qualities.items() if value == value},
        "values": {
            "equal": mixture().astype({"int": float}).equals(as_sent(x, y)),
            "categorical": [n for n, flag in zip(names, is_categorical, strict=True) if flag],
            "labels": dataset.retrieve_class_labels("y"),
        },
        "sparse": {
            "described": described(sparse),
            "names": sparse_names,
            "rows": [plain(row) for _, row in pd.DataFrame(entries).iterrows()],
        },
    }


def as_sent(x: pd.DataFrame, y: pd.Series) -> pd.DataFrame:
    """A table as it was before it went through a server, which knows one type of numbers."""
    frame = x.assign(y=y).astype({"num": float, "int": float})
    for name in ("cat", "y"):
        frame[name] = pd.Categorical(frame[name].astype(str))
    return frame


def described(dataset: openml.OpenMLDataset) -> dict[str, Any]:
    names = (
        "name",
        "version",
        "description",
        "format",
        "creator",
        "collection_date",
        "language",
        "licence",
        "default_target_attribute",
        "citation",
        "md5_checksum",
    )
    return {name: getattr(dataset, name) for name in names}


def lists(ids: dict[str, int]) -> dict[str, Any]:
    """Datasets by size, by tag and properties, by ids, and the names of qualities."""
    openml.datasets.get_dataset(ids["iris"], download_data=False).push_tag("mytag")
    few = openml.datasets.list_datasets(size=5, output_format="dataframe")
    everything = openml.datasets.list_datasets(output_format="dataframe")
    filtered = openml.datasets.list_datasets(
        tag="mytag",
        number_instances="100..200",
        number_classes=3,
        output_format="dataframe",
    )
    named = ["did", "name", "status", "format", "NumberOfInstances", "NumberOfClasses"]
    active = openml.datasets.check_datasets_active([ids["iris"], ids["pysparse"]])
    return {
        "five": plain(few["did"]),
        "columns": list(few.columns),
        "all": plain(everything["did"]),
        "filtered": rows(filtered, *named),
        "pydf": rows(everything[everything["did"] == ids["pydf"]], *named[1:]),
        "qualities": openml.datasets.list_qualities(),
        "active": {str(id_): bool(is_active) for id_, is_active in active.items()},
    }


def status(ids: dict[str, int], admin_key: str) -> list[str]:
    """Off by its owner, and on again by an administrator."""
    key = openml.config.apikey

    def known() -> str:
        listed = openml.datasets.list_datasets(
            data_id=[ids["pysparse"]], status="all", output_format="dataframe"
        )
        return str(listed["status"].iloc[0])

    openml.datasets.status_update(ids["pysparse"], "deactivated")
    found = [known()]
    openml.config.apikey = admin_key
    openml.datasets.status_update(ids["pysparse"], "active")
    openml.config.apikey = key
    return [*found, known()]


def tags(ids: dict[str, int]) -> dict[str, Any]:
    """Tags that come, go, and come twice."""
    iris = openml.datasets.get_dataset(ids["iris"], download_data=False)

    def tagged() -> list[str]:
        again = openml.datasets.get_dataset(
            ids["iris"], download_data=False, force_refresh_cache=True
        )
        return [tag for tag in again.tag if tag in {"mytag", "pytag", "dup"}]

    iris.push_tag("pytag")
    found = {"tagged": tagged()}
    iris.remove_tag("pytag")
    found["untagged"] = tagged()
    iris.push_tag("dup")
    return found | {"twice": refusal(iris.push_tag, "dup"), "after": tagged()}


def changes(ids: dict[str, int], admin_key: str) -> dict[str, Any]:
    """Edits, a fork, ontologies, topics, and what may be deleted."""
    data, id_ = openml.datasets, ids["pydf"]
    found: dict[str, Any] = {
        "edited": data.edit_dataset(id_, description="edited", language="Dutch") == id_
    }
    again = data.get_dataset(id_, download_data=False, force_refresh_cache=True)
    found["after"] = [again.description, again.language, again.creator]
    fork = data.fork_dataset(id_)
    copy = data.get_dataset(fork, download_data=False)
    found["fork"] = [fork > id_, copy.name, copy.version, copy.md5_checksum == again.md5_checksum]
    ontology = "https://www.wikidata.org/x"
    found["ontology added"] = data.functions.data_feature_add_ontology(id_, 0, ontology)
    found["ontology"] = ontologies(id_)
    found["ontology removed"] = data.functions.data_feature_remove_ontology(id_, 0, ontology)
    found["no ontology"] = ontologies(id_)
    key, openml.config.apikey = openml.config.apikey, admin_key
    # These two are not public, yet openml-python has no others for topics.
    found["topic added"] = data.functions._topic_add_dataset(id_, "business") == id_
    found["topic deleted"] = data.functions._topic_delete_dataset(id_, "business") == id_
    openml.config.apikey = key
    found["topic by another"] = refusal(data.functions._topic_add_dataset, id_, "business")
    found["deleted"] = data.delete_dataset(fork)
    found["not there"] = refusal(data.get_dataset, fork, force_refresh_cache=True)
    found["not mine"] = refusal(data.delete_dataset, ids["iris"])
    return found


def ontologies(dataset_id: int) -> Any:
    dataset = openml.datasets.get_dataset(
        dataset_id,
        download_data=False,
        download_features_meta_data=True,
        force_refresh_cache=True,
    )
    return dataset.features[0].ontologies
