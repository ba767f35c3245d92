"""``ssa serve``: the Magento-compatible REST service."""

import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import click

from engine.cli import options, show

_STORE = "ssa-store.db"


@click.command(
    cls=options.Command,
    epilog="ssa serve --store shop.db --catalog data/msi_example/catalog --port 8080",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--store",
    default=_STORE,
    show_default=True,
    metavar="FILE",
    help="What the service knows: one SQLite file, made if it is not there.",
)
@click.option("--catalog", metavar="DIR", help="Catalogue to fill a new store from.")
@options.quiet
def serve(host: str, port: int, store: str, catalog: str | None, quiet: bool) -> None:
    """Answer Magento's REST calls for inventory and source selection, until it is stopped.

    A new store without --catalog holds what a fresh Magento has: its default source and stock.
    Without users (ssa users) only this machine is served. Try the calls at /docs.
    """
    from engine.errors import UsageError

    missing = [name for name in ("fastapi", "fastapi_offline", "uvicorn") if not find_spec(name)]
    if missing:
        raise UsageError(
            f"ssa serve needs {', '.join(missing)}; pip install 'ssa-engine[server]' brings them"
        )
    from engine.rest.serve import Ready, serve_store

    def ready(found: Ready) -> None:
        if quiet:
            return
        show.say(f"{store}: {found.holds}")
        if catalog is not None and not found.filled:
            show.say(f"the store was there already: {catalog} is not read")
        if not found.with_users:
            show.say("no users: whoever is on this machine may do everything, nobody else anything")
        show.say(f"serving {found.url} (documentation: {found.url}/docs)")
        sys.stdout.flush()

    with suppress(KeyboardInterrupt):
        serve_store(Path(store), catalog, host=host, port=port, ready=ready)
