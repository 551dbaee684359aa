"""The environment of a run, what a model needs, and how long work took."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from openml_client.extension.environment import environment, frameworks_of, pinned, requirements
from openml_client.extension.timing import stopwatch
from tests.unit.toy_extension import TOY, Thing


def test_the_environment_is_json_and_names_what_was_imported() -> None:
    found = json.loads(json.dumps(environment()))
    assert found["python"] == platform.python_version()
    assert found["distributions"]["numpy"] == np.__version__
    assert found["distributions"]["pytest"] == version("pytest")
    assert {"implementation", "system", "machine", "libc", "threads"} <= found.keys()


def test_the_environment_tells_no_path_and_no_name_of_user_or_host() -> None:
    text = json.dumps(environment())
    assert str(Path.home()) not in text
    assert sys.prefix not in text
    assert platform.node() not in text


def test_requirements_are_those_of_all_names_in_the_description() -> None:
    description = TOY.describe(Thing(size=np.log1p))
    assert requirements(description) == (f"numpy=={np.__version__}",)


def test_frameworks_are_those_of_the_classes_only() -> None:
    tree = TOY.describe(Thing(size=np.log1p)).tree
    assert frameworks_of(tree) == {}


def test_classes_that_an_extension_adds_belong_to_its_framework() -> None:
    added = {"$node": {"kind": "thing", "class": "openml_client_numpy:Thing", "params": {}}}
    assert frameworks_of(added) == {"numpy": f"numpy=={np.__version__}"}
    own = {"$node": {"kind": "thing", "class": "openml_client_sklearn:Thing", "params": {}}}
    assert frameworks_of(own)["sklearn"].startswith("scikit-learn==")


def test_versions_are_public_and_the_standard_library_has_none() -> None:
    found = pinned(["numpy", "json", "no_such_module"])
    assert list(found) == ["numpy"]
    assert "+" not in found["numpy"]


def spin_s() -> float:
    start = time.process_time()
    while time.process_time() - start < 0.05:
        pass
    return time.process_time() - start


def test_a_stopwatch_measures_work_in_milliseconds() -> None:
    with stopwatch() as elapsed:
        used_s = spin_s()
    assert elapsed.cpu_ms >= used_s * 1000
    assert elapsed.wall_ms >= 50
    with stopwatch() as nothing:
        pass
    assert nothing.cpu_ms < 50


def test_a_stopwatch_counts_children_that_ended() -> None:
    work = "import time\nwhile time.process_time() < 0.2: pass"
    with stopwatch() as elapsed:
        subprocess.run([sys.executable, "-c", work], check=True)
    assert elapsed.cpu_ms >= 190


def test_a_stopwatch_counts_children_that_live_on() -> None:
    if not Path(f"/proc/{os.getpid()}/task").is_dir():
        return  # other systems count them once they have ended
    work = "import time\nwhile time.process_time() < 0.2: pass\nprint('done', flush=True)\ninput()"
    with (
        subprocess.Popen(
            [sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child,
        stopwatch() as elapsed,
    ):
        assert child.stdout is not None
        child.stdout.readline()
    assert elapsed.cpu_ms >= 100
