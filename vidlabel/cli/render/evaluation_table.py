"""Prints an evaluation as tables."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from vidlabel.cli.console import output_console, print_output
from vidlabel.errors import printable
from vidlabel.labels.metrics.evaluation import METRIC_NAMES, METRICS, Confusion, Evaluation, Figure, Figures

MOST_CONFUSION_LABELS = 12
"""Larger matrices are in the JSON and the plot only."""


def print_evaluation(evaluation: Evaluation) -> None:
    """Print the metrics on standard output: beside the baselines, per label, and the confusion matrix."""
    data, model = evaluation.data, evaluation.model
    made_of = ", ".join((model.head, *model.streams, *([model.runtime] if model.runtime else [])))
    print_output(
        f"{model.name} ({made_of}): {data.videos} videos in {data.groups} groups, "
        f"{data.items} {data.unit}s; {evaluation.split}"
    )
    _print_metrics(model.head, evaluation.metrics, evaluation.baselines)
    if evaluation.matched is not None:
        matched = evaluation.matched
        print_output("")
        print_output(f"groups with more than one label alone: {matched.groups}, with {matched.videos} videos")
        _print_metrics(model.head, matched.metrics, matched.baselines)
    print_output("")
    _print_labels(evaluation)
    if evaluation.confusion is not None and len(evaluation.confusion.labels) <= MOST_CONFUSION_LABELS:
        print_output("")
        print_output(f"rows: true, columns: predicted; {data.unit}s")
        _print_confusion(evaluation.confusion)
    print_output("")
    for name in ("interval", "mean", "majority", "missing"):
        if name in evaluation.rules:
            print_output(f"{name}: {evaluation.rules[name]}")


def _print_metrics(head: str, metrics: Figures, baselines: Mapping[str, Figures | None]) -> None:
    table = _table("", head, "95 % interval", "mean", "", "majority")
    for name in METRICS:
        figure = metrics[name]
        if figure is None:
            continue
        mean, majority = (None if own is None else own[name] for own in (baselines["mean"], baselines["majority"]))
        shown = (METRIC_NAMES[name], _value(name, figure), _interval(name, figure))
        table.add_row(*map(Text, (*shown, _value(name, mean), _interval(name, mean), _value(name, majority))))
    output_console().print(table)


def _print_labels(evaluation: Evaluation) -> None:
    timed = evaluation.data.unit == "sample"
    table = _table("label", "support", "precision", "recall", "F1", "95 % interval", "AP", *(["events"] * timed))
    for own in evaluation.per_label:
        cells = [printable(own.label), str(own.support), *(_value("", one) for one in (own.precision, own.recall))]
        cells += [_value("", own.f1), _interval("", own.f1), _value("", own.average_precision)]
        table.add_row(*map(Text, [*cells, *([_value("", own.event_recall)] * timed)]))
    output_console().print(table)


def _print_confusion(confusion: Confusion) -> None:
    names = [printable(label) for label in confusion.labels]
    table = _table("", *names)
    for name, row in zip(names, confusion.counts.tolist(), strict=True):
        table.add_row(Text(name), *(Text(str(count), style="dim" if count == 0 else "") for count in row))
    output_console().print(table)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _value(name: str, figure: Figure | None) -> str:
    return "" if figure is None else _number(name, figure.value)


def _interval(name: str, figure: Figure | None) -> str:
    if figure is None or figure.low is None or figure.high is None:
        return ""
    return f"{_number(name, figure.low).removesuffix(' %')} to {_number(name, figure.high).removesuffix(' %')}"


def _number(name: str, value: float) -> str:
    return f"{value:.3f}" if name == "ece" else f"{100 * value:.1f} %"
