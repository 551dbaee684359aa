"""Plots of what runs hold; they need plotly, which the extra ``plots`` installs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from openml_client.errors import FormatError, MissingDependencyError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Logs = Mapping[tuple[int, int, int], Mapping[str, Any]]
"""As ``client.runs.training_log(run)`` gives them: by ``(repeat, fold, sample)``."""

_CURVES = (("train_loss", "training", "#0072b2"), ("valid_loss", "validation", "#d55e00"))
"""Two colours that differ for all kinds of sight.  Source: Okabe and Ito, 2008."""
_SCORE = "#009e73"
_FAINT = 0.45
_FEW_EPOCHS = 15
"""So few have room for a tick each; of more, plotly's own ticks are whole numbers."""


def training_curves(logs: Logs) -> Figure:
    """Loss by epoch, and the validation's score where there is one: a thin line per fold, a thick
    one for their mean.

    A circle marks the epoch whose weights were kept, where training was stopped by a validation.

    Raises
    ------
    FormatError
        If no log has a history of epochs.
    MissingDependencyError
        If plotly is not installed.
    """
    histories = _histories(logs)
    if not histories:
        raise FormatError(
            "no fold logged a history of epochs",
            hint="Give client.runs.training_log(run) of a run whose model trains in epochs.",
        )
    has_score = any(row.get("valid_score") is not None for h in histories.values() for row in h)
    figure = _panels(2 if has_score else 1)
    for name, title, colour in _CURVES:
        _add(figure, histories, name=name, title=title, colour=colour, panel=1)
    figure.update_yaxes(title_text="loss", row=1, col=1)
    if has_score:
        _add(figure, histories, name="valid_score", title="score", colour=_SCORE, panel=2)
        figure.update_yaxes(title_text="validation score", row=2, col=1)
    figure.update_xaxes(title_text="epoch", row=2 if has_score else 1, col=1)
    if max(row["epoch"] for h in histories.values() for row in h) <= _FEW_EPOCHS:
        figure.update_xaxes(dtick=1)  # there is no epoch 1.5
    return figure


def _histories(logs: Logs) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Rows of epochs by a name for the fold; a model of several nets has several."""
    found = {}
    for (repeat, fold, sample), log in sorted(logs.items()):
        place = f"repeat {repeat}, fold {fold}" + (f", sample {sample}" if sample else "")
        nets = log.get("nets") or [log]
        for number, net in enumerate(nets):
            if net.get("history"):
                found[place + (f", net {number}" if len(nets) > 1 else "")] = net["history"]
    return found


def _panels(count: int) -> Figure:
    try:
        from plotly.subplots import make_subplots
    except ImportError as error:
        raise MissingDependencyError(
            "plots need plotly", hint="pip install 'openml-client[plots]'"
        ) from error
    figure = make_subplots(rows=count, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    figure.update_layout(
        template="plotly_white", height=320 * count + 80, legend={"orientation": "h", "y": 1.06}
    )
    return figure


def _add(
    figure: Figure,
    histories: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    name: str,
    title: str,
    colour: str,
    panel: int,
) -> None:
    """Lines of one measure: those of the folds, their mean, and the epochs that were kept."""
    from plotly.graph_objects import Scatter

    line = {"color": colour}
    kept: list[tuple[str, int, float]] = []
    values: dict[int, list[float]] = {}
    for place, history in histories.items():
        rows = [row for row in history if row.get(name) is not None]
        if not rows:
            continue
        epochs, column = [row["epoch"] for row in rows], [row[name] for row in rows]
        figure.add_trace(
            Scatter(
                x=epochs,
                y=column,
                mode="lines",
                line={**line, "width": 1},
                opacity=_FAINT,
                name=place,
                showlegend=False,
                hovertemplate=f"{place}<br>epoch %{{x}}: %{{y:.4g}}<extra></extra>",
            ),
            row=panel,
            col=1,
        )
        for epoch, value in zip(epochs, column, strict=True):
            values.setdefault(epoch, []).append(value)
        kept += [(place, row["epoch"], row[name]) for row in rows[:-1] if row.get("selected")]
    if not values:
        return
    # Where some folds stopped, a mean of the others would jump: it ends with the first of them.
    whole = [epoch for epoch in sorted(values) if len(values[epoch]) == len(values[min(values)])]
    figure.add_trace(
        Scatter(
            x=whole,
            y=[sum(values[epoch]) / len(values[epoch]) for epoch in whole],
            mode="lines",
            line={**line, "width": 3},
            name=title,
            hovertemplate=f"{title}, mean<br>epoch %{{x}}: %{{y:.4g}}<extra></extra>",
        ),
        row=panel,
        col=1,
    )
    if kept and name.startswith("valid"):
        figure.add_trace(
            Scatter(
                x=[epoch for _, epoch, _ in kept],
                y=[value for *_, value in kept],
                text=[place for place, *_ in kept],
                mode="markers",
                marker={"color": "white", "size": 8, "line": {**line, "width": 2}},
                name=f"{title} of the kept epoch",
                showlegend=panel == 1,
                hovertemplate="%{text}<br>kept epoch %{x}: %{y:.4g}<extra></extra>",
            ),
            row=panel,
            col=1,
        )
