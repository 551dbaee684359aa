"""Commands that list and show things of a server."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from openml_client.cli.context import (
    SHOWN_BY_DEFAULT,
    Context,
    print_fields,
    print_json,
    print_list,
    print_table,
)

datasets = typer.Typer(no_args_is_help=True)
tasks = typer.Typer(no_args_is_help=True)
flows = typer.Typer(no_args_is_help=True)
evaluations = typer.Typer(no_args_is_help=True)

Limit = Annotated[int, typer.Option(min=1, help="Rows to show.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Tag = Annotated[str | None, typer.Option(help="Only what has this tag.")]

_SMALL_IS_BETTER = ("error", "cost", "entropy", "millis")
"""Parts of the names of measures that are the better the smaller they are."""


class Sort(StrEnum):
    """Order of a list by its values."""

    ASC = "asc"
    DESC = "desc"


@flows.command("audit")
def audit_flow(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(help="Id.")],
    trusted: Annotated[
        list[str] | None,
        typer.Option(help="A package that you trust; may be given more than once."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what rebuilding a flow would import, and why that is trusted or not.

    Nothing is imported to find out. Exits with 1 if anything is not trusted.
    """
    with _context(context).client() as client:
        found = client.flows.audit(flow, trusted=tuple(trusted or ()))
    if as_json:
        print_json(found)
    else:
        print_table(
            ["trusted", "kind", "name", "why"],
            # A name may stand in many places.
            dict.fromkeys(("yes" if f.is_trusted else "NO", f.kind, f.name, f.why) for f in found),
        )
    if not all(f.is_trusted for f in found):
        raise typer.Exit(1)


@datasets.command("list")
def list_datasets(
    context: typer.Context,
    name: Annotated[str | None, typer.Option(help="Only this name.")] = None,
    tag: Tag = None,
    status: Annotated[
        str | None, typer.Option(help="active (default), deactivated, in_preparation or all.")
    ] = None,
    limit: Limit = SHOWN_BY_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List datasets."""
    with _context(context).client() as client:
        found = client.datasets.list(name=name, tag=tag, status=status, limit=limit + 1)
        print_list(
            found,
            limit=limit,
            as_json=as_json,
            columns=["id", "name", "version", "rows", "features", "classes", "status"],
            row=lambda r: (r.id, r.name, r.version, r.n_rows, r.n_features, r.n_classes, r.status),
            cut=["name"],
        )


@datasets.command("show")
def show_dataset(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Id or name.")],
    as_json: AsJson = False,
) -> None:
    """Show one dataset and its columns."""
    with _context(context).client() as client:
        found = client.datasets.get(dataset)
        features = client.datasets.features(found)
    if as_json:
        print_json(found)
        return
    print_fields(
        {
            "dataset": f"{found.id}: {found.name}, version {found.version}",
            "status": found.status,
            "target": found.default_target_attribute,
            "licence": found.licence,
            "file": found.url,
            "tags": found.tags,
        }
    )
    typer.echo()
    print_table(
        ["column", "type", "missing", "values"],
        ((f.name, f.data_type, f.number_of_missing_values, f.nominal_values) for f in features),
        cut=["column", "values"],
    )


@tasks.command("list")
def list_tasks(
    context: typer.Context,
    dataset: Annotated[int | None, typer.Option(help="Only tasks on this dataset.")] = None,
    type_: Annotated[int | None, typer.Option("--type", help="Number of a task type.")] = None,
    tag: Tag = None,
    limit: Limit = SHOWN_BY_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List tasks."""
    with _context(context).client() as client:
        found = client.tasks.list(datasets=dataset, type=type_, tag=tag, limit=limit + 1)
        print_list(
            found,
            limit=limit,
            as_json=as_json,
            columns=["id", "type", "dataset", "target"],
            row=lambda r: (r.id, r.type, f"{r.dataset_id}: {r.dataset_name}", r.target),
            cut=["type", "dataset", "target"],
        )


@tasks.command("show")
def show_task(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="Id.")],
    as_json: AsJson = False,
) -> None:
    """Show one task."""
    with _context(context).client() as client:
        found = client.tasks.get(task)
    if as_json:
        print_json(found)
        return
    procedure = found.procedure
    print_fields(
        {
            "task": f"{found.id}: {found.name or found.type}",
            "dataset": found.dataset_id,
            "target": found.target,
            "estimation": procedure.type if procedure else None,
            "repeats": procedure.n_repeats if procedure else None,
            "folds": procedure.n_folds if procedure else None,
            "measures": found.evaluation_measures,
            "tags": found.tags,
        }
    )


@flows.command("list")
def list_flows(
    context: typer.Context,
    tag: Tag = None,
    limit: Limit = SHOWN_BY_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List flows."""
    with _context(context).client() as client:
        found = client.flows.list(tag=tag, limit=limit + 1)
        print_list(
            found,
            limit=limit,
            as_json=as_json,
            columns=["id", "version", "name"],
            row=lambda r: (r.id, r.external_version, r.name),
            cut=["version", "name"],
        )


@flows.command("show")
def show_flow(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(help="Id.")],
    as_json: AsJson = False,
) -> None:
    """Show one flow and its parameters."""
    with _context(context).client() as client:
        found = client.flows.get(flow)
    if as_json:
        print_json(found)
        return
    print_fields(
        {
            "flow": f"{found.id}: {found.name}",
            "version": found.external_version,
            "dependencies": (found.dependencies or "").replace("\n", ", "),
        }
    )
    typer.echo()
    print_table(
        ["component", "parameter", "default"],
        (
            (".".join(path), parameter.name, parameter.default_value)
            for path, part in found.walk()
            for parameter in part.parameters
        ),
        cut=["component", "default"],
    )


@evaluations.command("list")
def list_evaluations(
    context: typer.Context,
    measure: Annotated[str, typer.Argument(help="As predictive_accuracy.")],
    task: Annotated[int | None, typer.Option(help="Only this task.")] = None,
    sort: Annotated[
        Sort | None, typer.Option(help="Without it the best come first, as the measure has it.")
    ] = None,
    limit: Limit = SHOWN_BY_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List the values of a measure, the best first."""
    order = sort or (Sort.ASC if _is_better_if_small(measure) else Sort.DESC)
    with _context(context).client() as client:
        found = client.evaluations.list(
            measure, tasks=task, sort_order=order.value, limit=limit + 1
        )
        print_list(
            found,
            limit=limit,
            as_json=as_json,
            columns=["value", "run", "task", "dataset", "flow"],
            row=lambda r: (r.value, r.run_id, r.task_id, r.dataset_name, r.flow_name),
            cut=["dataset", "flow"],
        )


def _is_better_if_small(measure: str) -> bool:
    return any(word in measure for word in _SMALL_IS_BETTER)


def _context(context: typer.Context) -> Context:
    found: Any = context.obj
    return found if isinstance(found, Context) else Context()
