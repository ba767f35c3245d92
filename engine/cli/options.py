"""What several commands share: options, and an example below the help."""

import click


class Command(click.Command):
    """A command whose epilog is an example, shown as it stands, to be copied."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example below the options."""
        if self.epilog:
            with formatter.section("Example"):
                formatter.write("".join(f"  {line}\n" for line in self.epilog.splitlines()))


quiet = click.option("--quiet", "-q", is_flag=True, help="No progress and no notes.")
json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
catalog = click.argument("catalog", metavar="CATALOG")
orders = click.argument("orders", metavar="ORDERS")
out_file = click.option(
    "--out",
    required=True,
    metavar="FILE",
    help="File to write: .parquet, .arrow, .csv or .csv.gz.",
)
