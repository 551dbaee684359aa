"""Commands for runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from openml_client.cli.context import (
    SHOWN_BY_DEFAULT,
    Context,
    print_fields,
    print_json,
    print_list,
    print_table,
    printable,
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
        found = client.runs.list(tasks=task, flows=flow, limit=limit + 1)
        print_list(
            found,
            limit=limit,
            as_json=as_json,
            columns=["id", "task", "flow", "setup", "uploaded"],
            row=lambda r: (r.id, r.task_id, r.flow_id, r.setup_id, r.uploaded_at),
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
    if found.settings:
        typer.echo()
        print_table(["parameter", "value"], ((s.name, s.value) for s in found.settings))
    overall = [e for e in found.evaluations if e.repeat is None]
    if overall:
        typer.echo()
        overall.sort(key=lambda e: ("_millis" in e.measure, e.measure))
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
    isolated: Annotated[
        bool, typer.Option("--isolated", help="In the environment that the run recorded.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds that the isolated execution may take.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report to this page, too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Execute a published run again and compare.

    Exits with 1 unless the results agree.
    """
    settings: Context = context.obj
    if trusted:
        # What the user trusts may be a module in this folder.  Last, so that it hides none.
        sys.path.append(str(Path.cwd()))
    with settings.client() as client:
        result = client.runs.reproduce(
            run,
            tolerance=tolerance,
            isolated=isolated,
            timeout_s=timeout,
            trusted=tuple(trusted or ()),
            progress=not as_json and sys.stderr.isatty(),
        )
    if html is not None:
        html.write_text(result.to_html(), "utf-8")
    typer.echo(result.to_json() if as_json else printable(result.to_text()))
    if not result.agrees:
        raise typer.Exit(1)


@app.command("audit")
def audit_run(context: typer.Context, run: RunId, as_json: AsJson = False) -> None:
    """Look for what is wrong with a published run.

    Exits with 1 if there is an error among what was found; warnings alone are no failure.
    """
    settings: Context = context.obj
    with settings.client() as client:
        findings = client.runs.audit(run)
    if as_json:
        print_json(findings)
    elif findings:
        print_table(
            ["severity", "code", "finding"], ((f.severity, f.code, f.message) for f in findings)
        )
    else:
        typer.echo("nothing found", err=True)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)
