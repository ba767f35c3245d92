"""The command ``ssa``: parse, call the public API, print.

Nothing of the engine is imported here, so that ``ssa --help`` answers at once.
"""

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from signal import SIGTERM

import click

from engine.cli import show
from engine.cli.options import Command

_COMMANDS = {
    "allocate": ("engine.cli.allocate", "decide which source ships which unit: the nightly batch"),
    "explain": ("engine.cli.explain", "say why each line of an order went where it went"),
    "simulate": ("engine.cli.simulate", "run what-if scenarios beside a baseline"),
    "compare": ("engine.cli.compare", "tell what differs between two runs, and why orders changed"),
    "optimum": ("engine.cli.optimum", "tell how little orders could cost, and what each rule adds"),
    "salable": ("engine.cli.sales", "list the salable quantity per stock and SKU"),
    "check": ("engine.cli.sales", "tell which order lines could be sold, with MSI's codes"),
    "validate": ("engine.cli.look", "read the tables, report every problem, run nothing"),
    "sources": ("engine.cli.look", "list a stock's sources in priority order, with their state"),
    "algorithms": ("engine.cli.look", "list the installed algorithms"),
    "export": ("engine.cli.export", "write a Magento store's database as a folder of tables"),
    "geonames": ("engine.cli.geonames", "turn GeoNames files into the geonames table"),
    "serve": ("engine.cli.serve", "answer Magento's REST calls: selection, sources, stocks, items"),
    "users": ("engine.cli.users", "show who may use the REST service, and change that"),
    "warmup": ("engine.cli.warmup", "compile the kernels ahead of the first run"),
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
    invoke_without_command=True,
    subcommand_metavar="COMMAND ...",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="ssa demo",
)
@click.version_option(package_name="ssa-engine", prog_name="ssa")
@click.pass_context
def ssa(ctx: click.Context) -> None:
    """Decide which warehouse or store ships which unit, for a whole batch of orders.

    Exit codes: 0 done; 2 wrong usage or invalid input, nothing written; 3 done, some rows set
    aside; 1 a fault of program or machine.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)


def main() -> None:
    """Run the command line; see the contract for its exit codes."""
    gc.set_threshold(1 << 18)  # or a quarter of a second of importing numba is its rounds
    _open_streams()
    try:
        code = ssa.main(prog_name="ssa", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        code = _refuse(error)
    except click.Abort:
        show.tell("ssa: interrupted")
        code = 130
    except SystemExit as error:
        code = error.code
        if code == 128 + SIGTERM:
            show.tell("ssa: terminated")
    except Exception as error:  # every fault becomes one line, never a traceback
        code = _explain(error)
    with suppress(OSError):
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    # Python would complain again when it closes stdout.
    os._exit(1)


def _open_streams() -> None:
    """Have stdout and stderr open, if to nowhere, and able to take any character."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _refuse(error: click.ClickException) -> int:
    """Print what is wrong with the command line and return its exit code."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "ssa"
    message = error.format_message()
    show.tell(f"ssa: {message[:1].lower()}{message[1:].rstrip('.')}; see {path} --help")
    return 2


def _explain(error: Exception) -> int:
    """Print what went wrong and return the exit code it stands for."""
    from engine.errors import EngineError, InputError

    if isinstance(error, EngineError):
        lines = str(error).split("\n") if isinstance(error, InputError) else [str(error)]
        problems = sum(not line.startswith("(") for line in lines)  # the rest are remarks
        if problems == 1:
            show.tell(f"ssa: {' '.join(lines)}")
        else:
            head = f"ssa: {problems} problems, nothing was written"
            show.tell(head, *(f"  {line}" for line in lines))
        return 2
    if os.environ.get("SSA_TRACEBACK"):
        raise error
    if isinstance(error, OSError):
        where = (
            f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        )
        show.tell(f"ssa: {where}{error.strerror or error}; nothing was written")
    elif isinstance(error, MemoryError):
        show.tell("ssa: out of memory; nothing was written")
    else:
        text = " ".join(str(error).split())
        show.tell(
            f"ssa: internal fault, nothing was written: {type(error).__name__}: {text} "
            "(set SSA_TRACEBACK=1 for where)"
        )
    return 1
