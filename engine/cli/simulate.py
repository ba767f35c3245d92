"""``ssa simulate``: what if."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from engine.cli import options, show

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
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes; the result is the same.  [default: one per processor]",
)
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
    workers: int | None,
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
    from engine.io.output import terminate_cleanly
    from engine.whatif.folders import simulate_folders

    show.compiling(quiet, policy=policy is not None or _decides_by_policy(scenarios))
    with terminate_cleanly(), show.progress(quiet, *_PHASES) as clock:
        clock.on_lines.append(give_back)
        found, rows = simulate_folders(
            catalog,
            orders,
            scenarios,
            out,
            algorithm=algorithm,
            policy=policy,
            workers=workers,
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


def _decides_by_policy(scenarios: str) -> bool:
    """Tell whether a scenario uses a policy; what is wrong with the file is told by the run."""
    from engine.errors import EngineError
    from engine.whatif.file import read_scenarios
    from engine.whatif.steps import Use

    if not Path(scenarios).is_file():  # a pipe can be read only once
        return False
    with suppress(EngineError, OSError):
        steps = [step for one in read_scenarios(scenarios) for step in one.steps]
        return any(isinstance(step, Use) and step.policy is not None for step in steps)
    return False


_PHASES = ("read", "validate", "encode", "try", "simulate", "write", "hash")


def _print_json(found: Any, out: str, rows: dict[str, int]) -> None:
    from engine.io.faults import printable

    show.as_json(
        {
            "out": printable(out),
            "rows": rows,
            "scenarios": found.results,
            "differences": found.differences.to_pylist(),
            "notes": found.notes,
        }
    )


def _summarise(found: Any, out: str) -> None:
    base, *others = found.results.items()
    orders = show.many(base[1].orders, "order")
    show.say(f"{out}: {show.many(len(others), 'scenario')} beside the baseline, {orders}", "")
    if others:
        show.sentences(_most_changed(found), "")
    else:
        show.table(["", base[0]], show.kpi_rows([base[1]]), right=[1])
    show.side_by_side(base, others[:_MOST])
    if len(others) > _MOST:
        more = show.many(len(others) - _MOST, "more scenario")
        show.say("", f"and {more}; the table kpis in {out} holds all")


def _most_changed(found: Any) -> str:
    """Return the sentence on what changed most."""
    from engine.whatif.simulation import greatest_change

    change = greatest_change(found.results)
    if change is None:
        return "No scenario changes a headline figure."
    base, other = (found.results[name] for name in ("baseline", change.scenario))
    title, a, b, more = show.kpi_change(base, other, change.figure)
    return f"What changes most: {title} with {change.scenario!r}, {b} instead of {a} ({more})."
