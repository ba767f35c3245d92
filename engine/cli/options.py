"""What several commands share: options, and an example below the help."""

from collections.abc import Iterable
from shutil import get_terminal_size
from typing import Any

import click


class _Formatter(click.HelpFormatter):
    """Help that fits narrow terminals too: click's own is never narrower than 50."""

    def __init__(self, **_: Any) -> None:
        super().__init__(width=max(20, min(get_terminal_size().columns, 80) - 2))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write names and what they mean, which get two thirds of the width."""
        super().write_dl(list(rows), min(col_max, self.width // 3), col_spacing)


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command whose epilog is an example, shown as it stands, to be copied."""

    context_class = _Context

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example below the options."""
        if self.epilog:
            with formatter.section("Example"):
                formatter.write("".join(f"  {line}\n" for line in self.epilog.splitlines()))


quiet = click.option("--quiet", "-q", is_flag=True, help="No progress and no notes.")
json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
out_folder = click.option(
    "--out", required=True, metavar="DIR", help="Folder to write; appears whole or not at all."
)
format = click.option(
    "--format",
    type=click.Choice(["parquet", "csv", "arrow"]),
    default="parquet",
    show_default=True,
    help="Format of the tables.",
)
overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace DIR if it holds an earlier run."
)
catalog = click.argument("catalog", metavar="CATALOG")
orders = click.argument("orders", metavar="ORDERS")


def out_file(*, required: bool) -> Any:
    """Return the option of a single result file."""
    about = "File to write: .parquet, .arrow, .csv or .csv.gz."
    return click.option("--out", required=required, metavar="FILE", help=about)
