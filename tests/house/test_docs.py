"""What the documentation says is true: its code runs, its output is real, its links lead on."""

from __future__ import annotations

import inspect
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from openml_client_torch import TorchClassifier, TorchRegressor

import coverage_models.write_page
from benchmarks import write_page
from openml_client.testing import ExtensionConformance

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *REPOSITORY.glob("docs/**/*.md"),
        *REPOSITORY.glob("extensions/*/README.md"),
    ]
)
CHECKED = re.compile(r"<!-- checked[^>]*-->\n```python\n(.*?)```\n```text\n(.*?)```", re.DOTALL)
EXCERPT = re.compile(r"<!-- from (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
EXAMPLE = REPOSITORY / "examples" / "third_party_extension"
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    targets = [target for target, _ in LINK.findall(page.read_text("utf-8"))]
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing


@pytest.mark.executes
@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "docs/guide.md",
        "docs/from-openml-python.md",
        "docs/extensions.md",
        "docs/torch.md",
    ],
)
def test_the_checked_blocks_print_what_they_say(name: str, tmp_path: Path) -> None:
    blocks = CHECKED.findall((REPOSITORY / name).read_text("utf-8"))
    assert blocks
    program = "".join(f"{code}\nprint('<<end>>')\n" for code, _ in blocks)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",  # two pools of threads on two cores crawl
            "PYTHONPATH": os.pathsep.join([str(EXAMPLE), *sys.path]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    printed = result.stdout.split("<<end>>\n")[:-1]
    assert printed == [output for _, output in blocks]


def test_the_page_of_torch_tells_all_parameters_and_their_defaults() -> None:
    page = (REPOSITORY / "docs" / "torch.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \|\s*(.*?)\s*\|", page, re.MULTILINE)
    told = {name: default for name, default in rows if name.islower()}
    parameters: dict[str, set[str]] = {}
    for recipe in (TorchClassifier, TorchRegressor):
        for name, parameter in inspect.signature(recipe).parameters.items():
            default = parameter.default
            text = default.__name__ if inspect.isclass(default) else repr(default)
            parameters.setdefault(name, set()).add(f"`{text}`")
    assert told.pop("module") == ""
    del parameters["module"]
    assert {name: set(text.split(", ")) for name, text in told.items()} == parameters


def test_what_the_page_of_extensions_quotes_stands_in_the_example() -> None:
    quotes = EXCERPT.findall((REPOSITORY / "docs" / "extensions.md").read_text("utf-8"))
    assert len(quotes) > 5
    files = {file: unindented((REPOSITORY / file).read_text("utf-8")) for file, _ in quotes}
    assert not [code for file, code in quotes if unindented(code) not in files[file]]


def unindented(text: str) -> str:
    """The lines that are not empty; ruff moves the code of pages to the margin."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def test_the_page_of_extensions_names_every_check_of_the_kit() -> None:
    page = (REPOSITORY / "docs" / "extensions.md").read_text("utf-8")
    named = re.findall(r"^\| `(\w+)` \|", page.partition("| check |")[2], re.MULTILINE)
    checks = {name for name in dir(ExtensionConformance) if name.startswith("test_")}
    assert {f"test_{name}" for name in named} == checks


@pytest.mark.executes
@pytest.mark.parametrize("name", ["quickstart", "torch_vs_sklearn"])
def test_the_example_runs_to_its_verdict(name: str, tmp_path: Path) -> None:
    script = REPOSITORY / "examples" / f"{name}.py"
    result = subprocess.run(
        [sys.executable, "-W", "error", script, tmp_path / "registry"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Run 1: identical (all 344 predictions agree)" in result.stdout


def test_the_changelog_has_a_part_for_what_is_to_come() -> None:
    assert "## Unreleased" in (REPOSITORY / "CHANGELOG.md").read_text("utf-8")


def test_the_page_of_the_protocol_is_what_the_table_of_routes_says() -> None:
    script = REPOSITORY / "docs" / "write_protocol.py"
    written = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True
    ).stdout
    assert (REPOSITORY / "docs" / "protocol.md").read_text("utf-8") == written, "`make protocol`"


def test_a_route_of_a_new_resource_is_missed_on_the_page_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writer = runpy.run_path(str(REPOSITORY / "docs" / "write_protocol.py"))
    monkeypatch.delitem(writer["RESOURCES"], "study")
    with pytest.raises(LookupError, match=r"RESOURCES of .* no title .* begin with study"):
        writer["page"]()


def test_the_page_of_performance_is_what_the_results_say() -> None:
    page = (REPOSITORY / "docs" / "performance.md").read_text("utf-8")
    assert page == write_page.current(), "`python -m benchmarks.write_page`"


@pytest.mark.parametrize("kept", [write_page.RESULTS, coverage_models.write_page.RESULTS])
def test_results_that_are_kept_name_no_place_on_a_machine(kept: Path) -> None:
    results = kept.read_text("utf-8")
    assert not re.search(r"/(home|root|tmp|work|Users)\b", results)


def test_the_page_of_coverage_is_what_the_results_say() -> None:
    page = (REPOSITORY / "docs" / "coverage.md").read_text("utf-8")
    assert page == coverage_models.write_page.current(), "`python -m coverage_models.write_page`"
