"""Commands for runs."""

from __future__ import annotations

from typing import Annotated

import typer

from openml_client.cli.context import (
    SHOWN_BY_DEFAULT,
    Context,
    print_fields,
    print_json,
    print_table,
)
from openml_client.cli.listing import AsJson, Limit

app = typer.Typer(no_args_is_help=True)

RunId = Annotated[str, typer.Argument(help="Id.")]


@app.command("list")
def list_runs(
    context: typer.Context,
    task: Annotated[int | None, typer.Option(help="Only runs on this task.")] = None,
    flow: Annotated[int | None, typer.Option(help="Only runs of this flow.")] = None,
    limit: Limit = SHOWN_BY_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List runs."""
    settings: Context = context.obj
    with settings.client() as client:
        rows = list(client.runs.list(tasks=task, flows=flow, limit=limit))
    if as_json:
        print_json(rows)
        return
    print_table(
        ["id", "task", "flow", "setup", "uploaded"],
        ((r.id, r.task_id, r.flow_id, r.setup_id, r.uploaded_at) for r in rows),
    )


@app.command("show")
def show_run(context: typer.Context, run: RunId, as_json: AsJson = False) -> None:
    """Show one run, its parameters and its measures."""
    settings: Context = context.obj
    with settings.client() as client:
        found = client.runs.get(run)
    if as_json:
        print_json(found)
        return
    print_fields(
        {
            "run": found.id,
            "task": f"{found.task_id} ({found.task_type})",
            "flow": f"{found.flow_id}: {found.flow_name}",
            "setup": found.setup_id,
            "uploader": found.uploader_name,
            "error": found.error or found.error_message,
        }
    )
    typer.echo()
    overall = [e for e in found.evaluations if e.repeat is None]
    print_table(["measure", "value"], ((e.measure, e.value) for e in overall))


@app.command("reproduce")
def reproduce_run(
    context: typer.Context,
    run: RunId,
    tolerance: Annotated[
        float, typer.Option(help="Largest difference that still counts as agreement.")
    ] = 1e-9,
    trusted: Annotated[
        list[str] | None,
        typer.Option(help="A package that the flow may import; may be given more than once."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Execute a published run again and compare; exits with 1 unless the results agree."""
    settings: Context = context.obj
    with settings.client() as client:
        result = client.runs.reproduce(
            run, tolerance=tolerance, trusted=tuple(trusted or ()), progress=not as_json
        )
    if as_json:
        print_json(result)
    else:
        typer.echo(str(result))
    if result.verdict not in {"identical", "within_tolerance"}:
        raise typer.Exit(1)
