"""``ssa geonames``: GeoNames' own files as the table that places addresses."""

import click

from engine.cli import options, show
from engine.selection.shown import many


@click.command(
    cls=options.Command, epilog="ssa geonames DE.zip FR.txt --out catalog/geonames.parquet"
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.out_file(required=True)
@options.json
@options.quiet
def geonames(files: tuple[str, ...], out: str, as_json: bool, quiet: bool) -> None:
    """Turn GeoNames' postal-code files (CC.txt or CC.zip) into the geonames table.

    Put the table beside the other tables of a catalogue; it then replaces the packaged countries.
    """
    from engine.io.faults import printable
    from engine.io.geonames import read_geonames
    from engine.io.output import check_file, terminate_cleanly, whole_file
    from engine.io.write import write_table, writer_of

    with terminate_cleanly():
        writer_of(check_file(out, files))
        with show.progress(quiet, "read", "write") as clock:
            with clock("read"):
                rows = read_geonames(files)
            with clock("write"), whole_file(out) as draft:
                write_table(rows, draft)
    counts = show.counts(rows["country_code"])
    with show.courtesy():
        if as_json:
            show.as_json({"out": printable(out), "rows": rows.num_rows, "countries": counts})
        else:
            show.say(f"{out}: {many(rows.num_rows, 'row')}", "")
            show.table(["country", "rows"], list(counts.items()), right=[1])
