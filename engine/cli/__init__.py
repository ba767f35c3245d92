"""The command ``ssa``: parse, call the public API, print.

Nothing of the engine is imported here, so that ``ssa --help`` answers at once.
"""

import os
import sys
from importlib import import_module

import click

from engine.cli.options import Command

_COMMANDS = {
    "allocate": ("engine.cli.allocate", "decide which source ships which unit: the nightly batch"),
    "salable": ("engine.cli.sales", "list the salable quantity per stock and SKU"),
    "check": ("engine.cli.sales", "tell which order lines could be sold, with MSI's codes"),
    "validate": ("engine.cli.look", "read the tables, report every problem, run nothing"),
    "sources": ("engine.cli.look", "list a stock's sources in priority order, with their state"),
    "algorithms": ("engine.cli.look", "list the installed algorithms"),
    "geonames": ("engine.cli.geonames", "turn GeoNames files into the geonames table"),
    "demo": ("engine.cli.demo", "run both algorithms on the packaged real data"),
}


class _Commands(Command, click.Group):
    """Imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        return getattr(import_module(_COMMANDS[name][0]), name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="ssa demo",
)
@click.version_option(package_name="ssa-engine", prog_name="ssa")
def ssa() -> None:
    """Decide which warehouse or store ships which unit, for a whole batch of orders.

    Exit codes: 0 done; 2 wrong usage or invalid input, nothing written; 3 done, some rows set
    aside; 1 a fault of program or machine.
    """


def main() -> None:
    """Run the command line; see the contract for its exit codes."""
    _open_streams()
    try:
        code = ssa.main(prog_name="ssa", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "ssa"
        _tell(f"ssa: {error.format_message()} See {path} --help.")
        code = error.exit_code
    except click.Abort:
        _tell("ssa: interrupted")
        code = 130
    except SystemExit as error:
        code = error.code
    except Exception as error:  # every fault becomes one line, never a traceback
        code = _explain(error)
    sys.exit(code if isinstance(code, int) else 0)
