"""``ssa simulate``: what if."""

import logging
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from engine.cli import options, show
from engine.selection.shown import (
    HEADLINES,
    Form,
    kpi_rows,
    many,
    most_changed,
    plus_minus,
    shown_figures,
)

_MOST = 6
"""Scenarios that are printed; the files hold all."""


@click.command(
    cls=options.Command,
    epilog="""\
ssa simulate data/northwind/catalog data/northwind/orders \\
  examples/northwind.toml --out simulated""",
)
@options.catalog
@options.orders
@click.argument("scenarios", metavar="SCENARIOS.toml")
@options.out_folder
@click.option(
    "--algorithm",
    metavar="CODE",
    help="Algorithm of the baseline; ssa algorithms lists them.  [default: priority]",
)
@click.option(
    "--policy", metavar="POLICY", help="Instead: a preset or a TOML file; see docs/policies.md."
)
@click.option(
    "--horizon",
    metavar="WHEN",
    help="Batches through time: night, 6h (1h to 24h), or order.  [default: one batch]",
)
@click.option(
    "--patience",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="With a horizon: how long lines wait that are not served.  [default: 0]",
)
@click.option(
    "--hold",
    type=float,
    metavar="MONEY",
    help="With order_rule optimal: orders may wait for the next batch, at this cost each time.",
)
@click.option(
    "--replications",
    type=click.IntRange(min=0),
    metavar="N",
    help="Run each scenario N times more on orders drawn anew; gives intervals.  [default: 0]",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**63 - 1),
    metavar="N",
    help="Of these draws.  [default: 0]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes; the result is the same.  [default: one per processor]",
)
@click.option("--no-report", is_flag=True, help="Write the tables alone, which is quicker.")
@options.format
@options.overwrite
@options.json
@options.quiet
def simulate(
    catalog: str,
    orders: str,
    scenarios: str,
    out: str,
    algorithm: str | None,
    policy: str | None,
    horizon: str | None,
    patience: int | None,
    hold: float | None,
    replications: int | None,
    seed: int | None,
    workers: int | None,
    no_report: bool,
    format: str,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run scenarios beside a baseline and show what they change.

    CATALOG and ORDERS are as for ssa allocate; docs/scenarios.md has the form of SCENARIOS.toml.
    """
    from engine.cli.process import keep_memory, without_pandas

    give_back = keep_memory()
    without_pandas()
    # Where there is no home, matplotlib says so on stderr, and draws all the same.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from engine.io.output import terminate_cleanly
    from engine.whatif.folders import simulate_folders

    show.compiling(quiet, show.kernels_of([policy, *_policies(scenarios)]))
    with terminate_cleanly(), show.progress(quiet, *_PHASES) as clock:
        clock.on_lines.append(give_back)
        found, rows, report = simulate_folders(
            catalog,
            orders,
            scenarios,
            out,
            algorithm=algorithm,
            policy=policy,
            every=horizon,
            patience=patience,
            hold=None if hold is None else Decimal(str(hold)),
            replications=replications,
            seed=seed,
            workers=workers,
            report=not no_report,
            format=format,
            overwrite=overwrite,
            clock=clock,
        )
    if not quiet:
        show.notes(found.notes)
    with show.courtesy():
        if as_json:
            _print_json(found, out, rows)
        else:
            _summarise(found, out)
            if not no_report:
                _say_report(report)


def _policies(scenarios: str) -> list[Any]:
    """Return the policies of scenarios; what is wrong with the file is told by the run."""
    from engine.errors import EngineError
    from engine.whatif.file import read_study
    from engine.whatif.steps import Use

    if not Path(scenarios).is_file():  # a pipe can be read only once
        return []
    with suppress(EngineError, OSError):
        steps = [step for one in read_study(scenarios).scenarios for step in one.steps]
        return [step.policy for step in steps if isinstance(step, Use)]
    return []


_PHASES = ("read", "validate", "encode", "try", "simulate", "write", "report", "hash")


def _print_json(found: Any, out: str, rows: dict[str, int]) -> None:
    from engine.io.faults import printable

    show.as_json(
        {
            "out": printable(out),
            "rows": rows,
            "scenarios": found.results,
            "differences": found.differences.to_pylist(),
            "intervals": found.intervals.to_pylist(),
            "notes": found.notes,
        }
    )


def _summarise(found: Any, out: str) -> None:
    base, *others = found.results.items()
    orders = many(base[1].orders, "order")
    show.say(f"{out}: {many(len(others), 'scenario')} beside the baseline, {orders}", "")
    if others:
        show.sentences(most_changed(found.results), "")
    else:
        show.table(["", base[0]], kpi_rows([base[1]]), right=[1])
    show.side_by_side(base, others[:_MOST])
    if found.intervals.num_rows and others:
        _show_intervals(found, [name for name, _ in others[:_MOST]])
    if len(others) > _MOST:
        more = many(len(others) - _MOST, "more scenario")
        show.say("", f"and {more}; the table kpis in {out} holds all")


def _say_report(page: Any) -> None:
    if page is None:
        show.sentences("", "no report: it takes pip install 'ssa-engine[report]'")
    else:
        show.say("", f"{page} shows it in a browser")


def _show_intervals(found: Any, names: list[str]) -> None:
    """Print the 95 % interval of each headline figure's difference to the baseline."""
    rows = {(row["scenario"], row["figure"]): row for row in found.intervals.to_pylist()}
    runs = max(row["runs"] for row in rows.values())
    lines = []
    for title, figure, form in shown_figures(list(found.results.values())):
        cells = [_span(rows.get((name, figure), {}), form) for name in names]
        if figure in HEADLINES and any(cells):
            lines.append([title, *cells])
    show.say("", f"Mean differences and their 95 % intervals over {many(runs, 'replication')}:")
    show.table(["", *names], lines, range(1, len(names) + 1))


def _span(row: dict[str, Any], form: Form) -> str:
    if row.get("difference_low") is None:
        return ""
    return plus_minus(row["difference"], row["difference_high"] - row["difference"], form)
