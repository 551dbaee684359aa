"""A folder as openml-python's cache becomes entries of our own, as far as it can be verified."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from openml_client import Client
from openml_client.cache import Cache
from openml_client.cache.layout import entry_path
from openml_client.config import load_settings
from openml_client.errors import ConfigError, OfflineError
from openml_client.resources.foreign_cache import Imported, find_folder, import_cache

SERVER = "https://www.openml.org"
NAMESPACE = 'xmlns:oml="http://openml.org/openml"'
ARFF = b"@RELATION small\n@ATTRIBUTE a NUMERIC\n@ATTRIBUTE b {x,y}\n@DATA\n1,x\n2.5,y\n"
SPLITS = (
    b"@RELATION splits\n@ATTRIBUTE type {TRAIN,TEST}\n@ATTRIBUTE rowid INTEGER\n"
    b"@ATTRIBUTE repeat INTEGER\n@ATTRIBUTE fold INTEGER\n@DATA\n"
    b"TRAIN,0,0,0\nTEST,1,0,0\nTRAIN,1,0,1\nTEST,0,0,1\n"
)
PREDICTIONS = (
    b"@RELATION openml_task_5_predictions\n@ATTRIBUTE repeat NUMERIC\n@ATTRIBUTE fold NUMERIC\n"
    b"@ATTRIBUTE row_id NUMERIC\n@ATTRIBUTE prediction {x,y}\n@ATTRIBUTE confidence.x NUMERIC\n"
    b"@ATTRIBUTE confidence.y NUMERIC\n@DATA\n0,0,1,y,0,1\n0,1,0,x,1,0\n"
)


def description(id_: int = 3, md5: str | None = None) -> str:
    md5 = hashlib.md5(ARFF).hexdigest() if md5 is None else md5
    told = f"<oml:md5_checksum>{md5}</oml:md5_checksum>" if md5 else ""
    return (
        f"<oml:data_set_description {NAMESPACE}><oml:id>{id_}</oml:id><oml:name>small</oml:name>"
        "<oml:version>1</oml:version><oml:description>Toy.</oml:description>"
        "<oml:format>ARFF</oml:format><oml:licence>Public</oml:licence>"
        "<oml:url>https://www.openml.org/data/v1/download/9/small.arff</oml:url>"
        "<oml:default_target_attribute>b</oml:default_target_attribute>"
        f"<oml:status>active</oml:status>{told}</oml:data_set_description>"
    )


FEATURES = (
    f"<oml:data_features {NAMESPACE}>"
    "<oml:feature><oml:index>0</oml:index><oml:name>a</oml:name>"
    "<oml:data_type>numeric</oml:data_type><oml:is_target>false</oml:is_target>"
    "<oml:is_ignore>false</oml:is_ignore><oml:is_row_identifier>false</oml:is_row_identifier>"
    "<oml:number_of_missing_values>0</oml:number_of_missing_values></oml:feature>"
    "<oml:feature><oml:index>1</oml:index><oml:name>b</oml:name>"
    "<oml:data_type>nominal</oml:data_type><oml:nominal_value>x</oml:nominal_value>"
    "<oml:nominal_value>y</oml:nominal_value><oml:is_target>true</oml:is_target>"
    "<oml:is_ignore>false</oml:is_ignore><oml:is_row_identifier>false</oml:is_row_identifier>"
    "<oml:number_of_missing_values>0</oml:number_of_missing_values></oml:feature>"
    "</oml:data_features>"
)
QUALITIES = (
    f"<oml:data_qualities {NAMESPACE}><oml:quality><oml:name>NumberOfInstances</oml:name>"
    "<oml:value>2.0</oml:value></oml:quality></oml:data_qualities>"
)
TASK = (
    f"<oml:task {NAMESPACE}><oml:task_id>5</oml:task_id>"
    "<oml:task_name>Task 5</oml:task_name><oml:task_type_id>1</oml:task_type_id>"
    "<oml:task_type>Supervised Classification</oml:task_type>"
    '<oml:input name="source_data"><oml:data_set><oml:data_set_id>3</oml:data_set_id>'
    "<oml:target_feature>b</oml:target_feature></oml:data_set></oml:input>"
    '<oml:input name="estimation_procedure"><oml:estimation_procedure><oml:id>1</oml:id>'
    "<oml:type>crossvalidation</oml:type><oml:data_splits_url>"
    "https://www.openml.org/api_splits/get/5/Task_5_splits.arff</oml:data_splits_url>"
    '<oml:parameter name="number_repeats">1</oml:parameter>'
    '<oml:parameter name="number_folds">2</oml:parameter>'
    "</oml:estimation_procedure></oml:input>"
    '<oml:output name="predictions"><oml:predictions><oml:format>ARFF</oml:format>'
    "</oml:predictions></oml:output></oml:task>"
)
RUN = (
    f"<oml:run {NAMESPACE}><oml:run_id>8</oml:run_id><oml:uploader>1</oml:uploader>"
    "<oml:task_id>5</oml:task_id><oml:flow_id>7</oml:flow_id><oml:setup_id>9</oml:setup_id>"
    "<oml:output_data><oml:file><oml:did>-1</oml:did><oml:file_id>77</oml:file_id>"
    "<oml:name>predictions</oml:name>"
    "<oml:url>https://www.openml.org/data/download/77/predictions.arff</oml:url>"
    "</oml:file></oml:output_data></oml:run>"
)


class Planted:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.marker),))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """openml-python's folder for all servers, with small things of one."""
    root = tmp_path / "openml"
    put(root, "datasets/3/description.xml", description())
    put(root, "datasets/3/features.xml", FEATURES)
    put(root, "datasets/3/qualities.xml", QUALITIES)
    put(root, "datasets/3/dataset.arff", ARFF)
    put(root, "tasks/5/task.xml", TASK)
    put(root, "tasks/5/datasplits.arff", SPLITS)
    put(root, "runs/8/description.xml", RUN)
    put(root, "runs/8/predictions.arff", PREDICTIONS)
    return root


def put(root: Path, name: str, content: str | bytes) -> Path:
    path = root / "org/openml/www" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", server=SERVER)


def take(root: Path, cache: Cache) -> Imported:
    return import_cache(root / "org/openml/www", cache)


def left_out(result: Imported) -> dict[str, str]:
    return {str(f.path.relative_to(result.folder)): f.reason for f in result.left_out}


def offline(tmp_path: Path) -> Client:
    return Client(SERVER, cache_dir=tmp_path / "cache", offline=True)


def test_everything_works_offline_afterwards(root: Path, cache: Cache, tmp_path: Path) -> None:
    result = take(root, cache)
    assert left_out(result) == {}
    assert len(result.taken) == 8
    with offline(tmp_path) as client:
        table = client.datasets.load(3)
        assert table.to_pandas()["a"].tolist() == [1.0, 2.5]
        assert table.categorical == ("b",)
        assert client.datasets.get("small", version=1).id == 3
        assert client.datasets.qualities(3) == {"NumberOfInstances": 2.0}
        assert client.tasks.get(5).target == "b"
        assert client.tasks.splits(5)[0, 1].test.tolist() == [0]
        assert client.runs.get(8).flow_id == 7
        assert client.runs.predictions(8)["prediction"].tolist() == ["y", "x"]
        with pytest.raises(OfflineError, match="'small' "):
            client.datasets.get("small")  # which version is the newest one only the server knows


def test_what_is_there_stays(root: Path, cache: Cache) -> None:
    other = description().replace("Toy.", "Mine.")
    cache.write("data/get/3.xml", other.encode())
    result = take(root, cache)
    assert result.present == ["data/get/3.xml"]
    assert cache.read("data/get/3.xml") == other.encode()
    again = take(root, cache)
    assert (again.taken, len(again.present)) == ([], 8)


def test_a_damaged_entry_is_replaced(root: Path, cache: Cache) -> None:
    take(root, cache)
    entry_path(cache.folder, "data/get/3.xml").write_bytes(b"damaged")
    assert take(root, cache).taken == ["data/get/3.xml"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("datasets/3/dataset.arff", ARFF + b"3,x\n", "its md5 is "),
        ("datasets/3/dataset.arff", ARFF.replace(b"\n", b"\r\n"), "its md5 is "),
        ("datasets/3/features.xml", "<html>portal</html>", "features.xml: "),
        ("datasets/3/qualities.xml", FEATURES, "qualities.xml: expected the root element"),
        ("tasks/5/datasplits.arff", ARFF, "the splits have no column"),
        ("tasks/5/datasplits.arff", SPLITS[:-12], "the splits have no test rows"),
        ("runs/8/predictions.arff", ARFF, "the predictions have no column"),
    ],
)
def test_what_cannot_be_verified_is_left_out_alone(
    root: Path, cache: Cache, name: str, content: str | bytes, reason: str
) -> None:
    put(root, name, content)
    result = take(root, cache)
    assert list(left_out(result)) == [name]
    assert left_out(result)[name].startswith(reason)
    assert len(result.taken) == 7


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (description(id_=4), "it is of the id 4"),
        ("not xml", "description.xml: not well-formed XML"),
        ('<!DOCTYPE x [<!ENTITY e "e">]>' + description(), "the document has a DOCTYPE"),
        ("", "description.xml: not well-formed XML"),
    ],
)
def test_without_its_description_nothing_of_a_dataset_is_taken(
    root: Path, cache: Cache, content: str, reason: str
) -> None:
    put(root, "datasets/3/description.xml", content)
    told = left_out(take(root, cache))
    assert reason in told.pop("datasets/3/description.xml")
    assert told == {
        f"datasets/3/{name}": "there is no usable description.xml beside it"
        for name in ("dataset.arff", "features.xml", "qualities.xml")
    }


def test_a_description_without_md5_verifies_no_data(root: Path, cache: Cache) -> None:
    put(root, "datasets/3/description.xml", description(md5=""))
    told = left_out(take(root, cache))
    assert told == {"datasets/3/dataset.arff": "the description has no md5 to verify it by"}


def test_pickles_are_never_opened(root: Path, cache: Cache, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    evil = pickle.dumps(Planted(marker))
    names = ["dataset.pkl.py3", "dataset.pkl", "dataset.feather", "dataset.feather.attributes.pkl"]
    for name in names:
        put(root, f"datasets/3/{name}", evil)
    os.mkfifo(root / "org/openml/www/datasets/3/features.pkl")  # opening it would wait forever
    put(root, "tasks/5/datasplits.pkl.py3", evil)
    told = left_out(take(root, cache))
    assert set(told.values()) == {"pickles and what comes with them are never opened"}
    assert len(told) == 6
    assert not marker.exists()
    pickle.loads(evil)
    assert marker.exists()  # so it was armed


def test_links_out_of_the_folder_are_not_followed(root: Path, cache: Cache, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "description.xml").write_text(description())
    (away / "dataset.arff").write_bytes(ARFF)
    for name in ("description.xml", "dataset.arff"):
        path = root / "org/openml/www/datasets/3" / name
        path.rename(path.with_suffix(".kept"))
        path.symlink_to(away / name)
    (root / "org/openml/www/datasets/4").symlink_to(away)
    (root / "org/openml/www/flows").symlink_to(away)
    told = left_out(take(root, cache))
    for name in ("datasets/3/description.xml", "datasets/4", "flows"):
        assert told[name] == "it is a link that leads out of the folder"
    assert cache.read("data/get/3.xml") is None


def test_links_within_the_folder_are_followed(root: Path, cache: Cache) -> None:
    path = root / "org/openml/www/datasets/3/dataset.arff"
    path.rename(root / "org/openml/www/store")
    path.symlink_to("../../store")
    assert left_out(take(root, cache)) == {}


def test_odd_folders_are_left_out(root: Path, cache: Cache) -> None:
    for name in ("datasets/03", "datasets/-1", "datasets/a", "datasets/²", "tasks/0"):
        put(root, f"{name}/description.xml", description())
    os.mkfifo(put(root, "flows/1/x", "").with_name("flow.xml"))
    put(root, "datasets/.lock", "")
    told = left_out(take(root, cache))
    assert told.pop("flows/1/flow.xml") == "it is no file"
    assert told.pop("flows/1/x") == "there is no usable flow.xml beside it"
    assert set(told) == {"datasets/03", "datasets/-1", "datasets/a", "datasets/²", "tasks/0"}


# Where it lies


@pytest.mark.parametrize("below", ["", "org/openml/www"])
def test_the_folder_of_all_servers_and_that_of_one_will_do(root: Path, below: str) -> None:
    assert find_folder(load_settings(SERVER), root / below) == root / "org/openml/www"


def test_the_usual_places_are_looked_at(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = load_settings(SERVER)
    with pytest.raises(ConfigError, match=r"no cache of openml-python for https://www.openml.org"):
        find_folder(settings)
    for usual in (".openml", ".cache/openml"):
        place = tmp_path / "home" / usual
        place.parent.mkdir(parents=True, exist_ok=True)
        root = root.rename(place)
        assert find_folder(settings) == place / "org/openml/www"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    (tmp_path / "xdg").mkdir()
    root.rename(tmp_path / "xdg/openml")
    assert find_folder(settings) == tmp_path / "xdg/openml/org/openml/www"


def test_the_cache_of_another_server_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"cache of www.openml.org, not of https://test"):
        find_folder(load_settings("https://test.openml.org"), root / "org/openml/www")
    with pytest.raises(ConfigError, match="no cache of openml-python for https://test"):
        find_folder(load_settings("https://test.openml.org"), root)
    with pytest.raises(ConfigError, match="embedded registry"):
        find_folder(load_settings("local"), root)


def test_the_command_says_what_was_taken_and_what_not(root: Path, tmp_path: Path) -> None:
    for number in range(5):
        put(root, f"datasets/3/{number}.pkl", b"")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENML_")}
    command = [sys.executable, "-W", "error", "-m", "openml_client", "-s", SERVER, "cache"]
    environment = {**kept, "OPENML_CACHE_DIR": str(tmp_path / "cache")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, text=True, check=False
        )

    result = run("import", str(root))
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == (
        "left out: datasets/3/0.pkl, datasets/3/1.pkl, datasets/3/2.pkl and 2 more: "
        "pickles and what comes with them are never opened"
    )
    assert [line.split()[-1] for line in lines[3:]] == ["8", "0", "5"]
    again = json.loads(run("import", str(root), "--json").stdout)
    assert (again["taken"], len(again["present"]), len(again["left_out"])) == ([], 8, 5)
    nowhere = run("import", str(tmp_path / "nowhere"))
    assert nowhere.returncode == 1
    assert "Name its folder" in nowhere.stderr
