"""What several commands share: options, and an example below the help."""

from collections.abc import Callable, Iterable, Sequence
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


def _own_orders(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Let ORDERS be left out where CATALOG is a database, which has its own."""
    from engine.magento.location import is_store

    if value is None and not is_store(ctx.params.get("catalog") or ""):
        raise click.MissingParameter(ctx=ctx, param=param, param_hint="'ORDERS'")
    return value


orders_or_own = click.argument("orders", metavar="[ORDERS]", required=False, callback=_own_orders)


def store(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a store's database."""
    for option in (
        click.option(
            "--defaults-file",
            metavar="FILE",
            help="Option file with the password of the database.  [default: ~/.my.cnf]",
        ),
        click.option("--table-prefix", metavar="P", help="Before the names of its tables."),
        click.option(
            "--order-status",
            multiple=True,
            metavar="S",
            help="Orders of this status, instead of all in state processing; repeat for more.",
        ),
    ):
        command = option(command)
    return command


def address(
    location: str, statuses: Sequence[str], prefix: str | None, defaults_file: str | None
) -> str:
    """Return the address of a database with what these options say; a folder takes none."""
    from engine.magento.location import is_store, with_options

    given = [("status", status) for status in statuses]
    given += [("prefix", prefix)] if prefix is not None else []
    given += [("defaults_file", defaults_file)] if defaults_file is not None else []
    if given and not is_store(location):
        raise click.UsageError(
            "--order-status, --table-prefix and --defaults-file go with mysql://USER@HOST/DB"
        )
    return with_options(location, given)


def no_orders(rows: int | None, statuses: Sequence[str]) -> list[str]:
    """Return the note that no order has one of the statuses, which may be misspelt."""
    if rows or not statuses:
        return []
    listed = " or ".join(repr(status) for status in statuses)
    return [f"no open order has status {listed}; statuses are not states: see docs/magento.md"]


def out_file(*, required: bool) -> Any:
    """Return the option of a single result file."""
    about = "File to write: .parquet, .arrow, .csv or .csv.gz."
    return click.option("--out", required=required, metavar="FILE", help=about)
