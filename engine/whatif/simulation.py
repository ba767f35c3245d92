"""Scenarios side by side, as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa

from engine.html import html_table
from engine.selection.kpis import KPIs
from engine.selection.shown import kpi_rows, many, most_changed
from engine.whatif.figures import figure_tables
from engine.whatif.outcome import Outcome
from engine.whatif.tables import shipping_tables


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """What scenarios come to, the baseline first; ``docs/scenarios.md`` has all columns.

    Attributes
    ----------
    tables
        The tables by name, each of which is an attribute as well.
    results
        Scenario -> its key figures of the orders as they are.
    notes
        What a person should know.
    """

    tables: Mapping[str, pa.Table]
    results: Mapping[str, KPIs]
    notes: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> pa.Table:
        try:
            return self.__dict__["tables"][name]
        except KeyError:
            raise AttributeError(f"a simulation has no {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *self.tables])

    def __repr__(self) -> str:
        return f"Simulation({many(len(self.results), 'scenario')})"

    def _repr_html_(self) -> str:
        names, kpis = list(self.results), list(self.results.values())
        sizes = [(name, f"{one.num_rows:,}") for name, one in self.tables.items()]
        return html_table(
            most_changed(self.results), ["key figure", *names], kpi_rows(kpis)
        ) + html_table("Arrow tables", ["table", "rows"], sizes)


def simulation_of(
    outcomes: Mapping[str, Outcome],
    replications: Mapping[str, Sequence[KPIs]],
    notes: list[str],
) -> Simulation:
    """Put outcomes side by side, the first of which is the baseline.

    Parameters
    ----------
    outcomes
        Scenario -> figures of the orders as they are.
    replications
        Scenario -> key figures of each replication.
    notes
        What a person should know of what was read.
    """
    results = {name: outcome.kpis for name, outcome in outcomes.items()}
    tables = figure_tables(results, replications) | shipping_tables(outcomes)
    of_scenarios = chain.from_iterable(outcome.notes for outcome in outcomes.values())
    return Simulation(tables, results, [*notes, *dict.fromkeys(of_scenarios)])
