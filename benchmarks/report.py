"""What is published, from ``results.json``: ``python -m benchmarks.report`` writes all of it.

The README's table of speed stands between two marker comments; `docs/benchmarks.md` has everything,
with the growth curves as pictures. None of it is edited by hand.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.contestants import CONTESTANTS, PEERS
from benchmarks.growth import curves
from benchmarks.markdown import table, where
from benchmarks.results import Results, load, ratio, seconds
from benchmarks.targets import targets

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- speed: written by benchmarks/report.py -->", "<!-- end of speed -->"
_IN_README = ("100kx100kx50", "1Mx100kx50", "1Mx1Mx50", "10Mx1Mx50", "msi-xl", "stores", "year")
_OURS, _FLOOR = "ours priority warm", "floor priority warm"

_BELOW_TABLE = """\
By priority, Parquet to Parquet, medians of warm runs that take turns. `I/O floor`: our seconds over
those of reading the same files and writing the same tables, nothing between. The others: their
seconds over ours, for the same allocations and fewer checks (10M lines: whole processes; empty: not
run, or more than one stock, which their cumulative sums cannot express). `make bench` renews the
table; targets, phases, memory and growth are in [docs/benchmarks.md](docs/benchmarks.md)."""
_HEAD = """\
Written by `benchmarks/report.py` from `benchmarks/results.json`; `make bench` measures anew."""
_METHOD = """\
A *warm* run is one inside a process that has imported and compiled everything; a *whole* one is a
process of its own. The runs of a case take turns (A B C A B C ...), and the median counts. What a
peer leaves out is said in `benchmarks/peers/__init__.py`; its output was compared with ours, row by
row, before it was timed. The I/O floor reads the same files, writes the same tables, synced to the
disk as ours are, and does nothing between."""
_COLUMNS = """\
`of ours`: seconds over those of our warm run by priority. `MiB`: peak memory of a whole process.
`n`: rounds; a run that takes over a minute is timed in 3."""
_CURVES = """\
Seconds of warm runs, one axis at a time; otherwise 1M lines, 100k SKUs, 50 sources, 1,000
destinations. The exponent is the slope on logarithmic axes; `last` that between the last two."""


def main() -> None:
    """Write the README's table, the page and the pictures."""
    results = load()
    README.write_text(with_table(README.read_text(), results))
    PAGE.write_text(page(results))
    from benchmarks.plots import plot_growth

    plot_growth(curves(results), PAGE.parent)


def stale() -> list[str]:
    """Return the files that do not say what ``results.json`` says."""
    results = load()
    wanted = {README: with_table(README.read_text(), results), PAGE: page(results)}
    return [
        path.name for path, text in wanted.items() if not path.exists() or path.read_text() != text
    ]


def with_table(readme: str, results: Results) -> str:
    """Return the README with the table of these results between its markers."""
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{readme_table(results)}\n{END}{after}"


def readme_table(results: Results) -> str:
    """Return the short table and where it was measured."""
    peers = [CONTESTANTS[name].title for name in PEERS]
    rows = [
        [
            results["cases"][name]["case"]["about"],
            f"{seconds(results, name, _OURS):.2f}",
            _times(ratio(results, name, _OURS, _FLOOR)),
            *(_times(_peer_ratio(results, name, peer)) for peer in PEERS),
        ]
        for name in _IN_README
        if seconds(results, name, _OURS) is not None
    ]
    rows_of_table = table(["", "seconds", "I/O floor", *peers], rows)
    return f"{rows_of_table}\n\n{_BELOW_TABLE}\n\n{where(results)}."


def page(results: Results) -> str:
    """Return the page with everything."""
    parts = [
        "# Benchmarks",
        f"{_HEAD} {where(results)}.",
        ", ".join(f"{name} {version}" for name, version in results["versions"].items()) + ".",
        _METHOD,
        "## Targets",
        table(
            ["what", "target", "measured", ""],
            [[row.what, row.target, row.measured, _verdict(row.met)] for row in targets(results)],
        ),
        "## Cases",
        table(
            [
                "case",
                "lines",
                "SKUs",
                "sources",
                "run",
                "seconds",
                "M lines/s",
                "of ours",
                "MiB",
                "n",
            ],
            _case_rows(results),
        ),
        _COLUMNS,
        "## Seconds by phase",
        "Our warm run by priority. Phases that overlap may add up to more than the run.",
        *_phase_tables(results),
        "## Growth",
        _CURVES,
        table(
            ["axis", "algorithm", "from", "to", "seconds", "exponent", "last"],
            [
                [
                    curve.axis,
                    curve.algorithm,
                    f"{curve.sizes[0]:,}",
                    f"{curve.sizes[-1]:,}",
                    " ".join(f"{spent:.2f}" for spent in curve.seconds),
                    f"{curve.exponent:.2f}",
                    f"{curve.last:.2f}",
                ]
                for curve in curves(results)
            ],
        ),
        *(
            f"![Seconds over {axis}](growth-{axis}.png)"
            for axis in dict.fromkeys(curve.axis for curve in curves(results))
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _peer_ratio(results: Results, case: str, peer: str) -> float | None:
    """Return a peer's time over ours, warm if it was timed so, else in whole processes."""
    warm = ratio(results, case, f"{peer} priority warm", _OURS)
    return warm or ratio(results, case, f"{peer} priority whole", "ours priority whole")


def _case_rows(results: Results) -> Iterator[list[str]]:
    for name, measured in results["cases"].items():
        case = measured["case"]
        first = [name, *(f"{case[axis]:,}" for axis in ("lines", "skus", "sources"))]
        for key, run in measured["runs"].items():
            yield [
                *first,
                key,
                f"{run['median']:.3f}",
                f"{case['lines'] / run['median'] / 1e6:.2f}",
                _times(ratio(results, name, key, _OURS)),
                f"{run['peak_bytes'] / 2**20:,.0f}" if run["peak_bytes"] else "",
                str(len(run["seconds"])),
            ]
            first = [""] * 4
        for key in measured["dropped"]:
            yield [*first, key, "differs, not timed", "", "", "", ""]


def _phase_tables(results: Results) -> Iterator[str]:
    """Yield one table for all cases with the same phases."""
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for name, measured in results["cases"].items():
        phases: dict[str, Any] = measured["runs"][_OURS]["phases"]
        row = [name, *(f"{spent:.3f}" for spent in phases.values())]
        groups.setdefault(tuple(phases), []).append(row)
    for names, rows in groups.items():
        yield table(["case", *names], rows)


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}x"


def _verdict(met: bool | None) -> str:
    return {True: "met", False: "**missed**", None: ""}[met]


if __name__ == "__main__":
    main()
