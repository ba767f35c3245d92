"""The command ``ssa``: parse, call the public API, print.

Nothing of the engine is imported here, so that ``ssa --help`` answers at once.
"""

import os
import sys

import click

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


class _LazyGroup(click.Group):
    """Imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        from importlib import import_module

        return getattr(import_module(_COMMANDS[name][0]), name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ssa-engine", prog_name="ssa")
def ssa() -> None:
    r"""Decide which warehouse or store ships which unit, for a whole batch of orders.

    \b
    Example:
      ssa allocate data/northwind/catalog data/northwind/orders --out out/northwind
    """


def main() -> None:
    """Run the command line; see the contract for its exit codes."""
    try:
        code = ssa.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except SystemExit as error:
        code = error.code
    except BrokenPipeError:
        # The reader of a pipe has gone; Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:  # every fault becomes one line, never a traceback
        code = _explain(error)
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: Exception) -> int:
    """Print what went wrong and return the exit code it stands for."""
    from engine.errors import EngineError

    if isinstance(error, EngineError):
        lines = str(error).splitlines() or [type(error).__name__]
        head = "" if len(lines) == 1 else f"{len(lines)} problems, nothing was written\n  "
        click.echo(f"ssa: {head}" + "\n  ".join(lines), err=True)
        return 2
    if os.environ.get("SSA_TRACEBACK"):
        raise error
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"ssa: {where}{error.strerror or error}; nothing was written", err=True)
    elif isinstance(error, MemoryError):
        click.echo("ssa: out of memory; nothing was written", err=True)
    else:
        text = " ".join(str(error).split())
        click.echo(
            f"ssa: internal fault, nothing was written: {type(error).__name__}: {text} "
            "(set SSA_TRACEBACK=1 for where)",
            err=True,
        )
    return 1
