"""``ssa geonames``: GeoNames' own files as the table that places addresses."""

import click

from engine.cli import options, show


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--out", required=True, metavar="FILE", help="Parquet, Arrow, CSV or gzipped CSV by its ending."
)
@options.json
def geonames(files: tuple[str, ...], out: str, as_json: bool) -> None:
    r"""Turn GeoNames' postal-code files (CC.txt or CC.zip) into the geonames table.

    Put the table beside the other tables of a catalogue; it then replaces the packaged countries.

    \b
    Example:
      ssa geonames DE.zip FR.txt --out catalog/geonames.parquet
    """
    from engine.io.geonames import read_geonames
    from engine.io.output import check_file, terminate_cleanly, whole_file
    from engine.io.write import write_table, writer_of

    with terminate_cleanly():
        writer_of(check_file(out, files))
        rows = read_geonames(files)
        with whole_file(out) as draft:
            write_table(rows, draft)
    counts = {
        row["values"]: row["counts"] for row in rows["country_code"].value_counts().to_pylist()
    }
    if as_json:
        show.as_json({"out": out, "rows": rows.num_rows, "countries": counts})
    else:
        click.echo(f"{out}: {rows.num_rows:,} rows")
        show.table(
            ["country", "rows"], [[code, f"{count:,}"] for code, count in counts.items()], right=[1]
        )
