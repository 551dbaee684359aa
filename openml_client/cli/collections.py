"""Commands for suites, studies and users."""

from __future__ import annotations

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
from openml_client.cli.listing import AsJson, Limit
from openml_client.model.study import Study

suites = typer.Typer(no_args_is_help=True)
studies = typer.Typer(no_args_is_help=True)
users = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Id or alias.")]
Status = Annotated[
    str | None, typer.Option(help="active (default), deactivated, in_preparation or all.")
]


@suites.command("list")
def list_suites(
    context: typer.Context,
    status: Status = None,
    limit: Limit = SHOWN_BY_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List suites: collections of tasks."""
    settings: Context = context.obj
    with settings.client() as client:
        found = client.suites.list(status=status, limit=limit + 1)
        _print_collections(found, limit=limit, as_json=as_json)


@suites.command("show")
def show_suite(context: typer.Context, suite: Name, as_json: AsJson = False) -> None:
    """Show one suite and its tasks."""
    settings: Context = context.obj
    with settings.client() as client:
        found = client.suites.get(suite)
        rows = list(client.tasks.list(ids=found.task_ids, status="all")) if found.task_ids else []
    if as_json:
        print_json(found)
        return
    _print_fields(found, {"tasks": len(found.task_ids), "datasets": len(found.dataset_ids)})
    if rows:
        typer.echo()
        print_table(
            ["task", "type", "dataset", "target"],
            ((r.id, r.type, f"{r.dataset_id}: {r.dataset_name}", r.target) for r in rows),
            cut=["type", "dataset", "target"],
        )


@studies.command("list")
def list_studies(
    context: typer.Context,
    status: Status = None,
    limit: Limit = SHOWN_BY_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List studies: collections of runs."""
    settings: Context = context.obj
    with settings.client() as client:
        found = client.studies.list(status=status, limit=limit + 1)
        _print_collections(found, limit=limit, as_json=as_json)


@studies.command("show")
def show_study(context: typer.Context, study: Name, as_json: AsJson = False) -> None:
    """Show one study and its runs."""
    settings: Context = context.obj
    with settings.client() as client:
        found = client.studies.get(study)
        rows = list(client.runs.list(study=found, show_errors=True)) if found.run_ids else []
    if as_json:
        print_json(found)
        return
    counts = {"runs": len(found.run_ids), "tasks": len(found.task_ids)}
    _print_fields(found, {"suite": found.benchmark_suite_id, **counts})
    if rows:
        typer.echo()
        print_table(
            ["run", "task", "flow", "setup"],
            ((r.id, r.task_id, r.flow_id, r.setup_id) for r in rows),
        )


@users.command("list")
def list_users(
    context: typer.Context,
    limit: Limit = SHOWN_BY_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List users."""
    settings: Context = context.obj
    with settings.client() as client:
        print_list(
            client.users.list(),
            limit=limit,
            as_json=as_json,
            columns=["id", "name"],
            row=lambda r: (r.id, r.name),
        )


@users.command("whoami")
def show_whoami(context: typer.Context, as_json: AsJson = False) -> None:
    """Show whose API key this is."""
    settings: Context = context.obj
    with settings.client() as client:
        found = client.whoami()
    if as_json:
        print_json(found)
    else:
        print_fields({"user": f"{found.id}: {found.name}"})


def _print_collections(found: Any, *, limit: int, as_json: bool) -> None:
    print_list(
        found,
        limit=limit,
        as_json=as_json,
        columns=["id", "alias", "name", "status", "created"],
        row=lambda r: (r.id, r.alias, r.name, r.status, r.created_at),
        cut=["name"],
    )


def _print_fields(found: Study, more: dict[str, Any]) -> None:
    kind = "suite" if found.is_suite else "study"
    print_fields(
        {
            kind: f"{found.id}: {found.name}",
            "alias": found.alias,
            "status": found.status,
            "created": found.created_at,
            "description": found.description,
            **more,
        }
    )
