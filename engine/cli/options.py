"""Options that several commands share."""

import click

quiet = click.option("--quiet", "-q", is_flag=True, help="No progress and no notes.")
json = click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
catalog = click.argument("catalog", metavar="CATALOG")
orders = click.argument("orders", metavar="ORDERS")
quarantine = click.option(
    "--quarantine",
    is_flag=True,
    help="Leave bad rows out and report them; exit code 3 if there are any.",
)
