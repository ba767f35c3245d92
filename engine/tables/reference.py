"""The reference page of the tables, made from their schemas.

``python -m engine.tables.reference > docs/tables.md``
"""

from collections.abc import Iterable, Sequence

from engine.tables.result_schema import RESULT_TABLES
from engine.tables.schema import CATALOG_SCHEMAS, ORDER_SCHEMAS, Column, Kind, Schema
from engine.types import QTY_SCALE

_HEAD = """\
# Tables

Made by `python -m engine.tables.reference > docs/tables.md`; edit the schemas, not this page.

A catalogue or an order set is a folder with one file per table: `NAME.parquet`, `NAME.arrow`,
`NAME.feather`, `NAME.csv`, `NAME.csv.gz`, or a folder `NAME/` of Parquet or Arrow parts. In Python
it is a mapping of name to anything with the Arrow PyCapsule interface.

- A column without *required* may be absent or null. Columns that are not listed are left alone,
  and said so once; those of `sources` reach plug-ins.
- In CSV only an empty field is null: `NA` is Namibia. Keys keep their leading zeros. Numbers count
  by value (`1e3`), flags are 1/0, true/false or yes/no.
- SKUs that differ only in case are one SKU. Keys given as integers are the same as the text they
  print.
- A quantity is exact: at most 4 decimals, between -99999999.9999 and 99999999.9999. Nothing is ever
  rounded.
- Magento's export, `stock_sources.csv` or `stock_sources_YYYYMMDD_HHMMSS.csv`, may stand for
  `source_items`.
- Rows are counted from 0 in every message.
"""

_RESULT = """
## Result

In order sequence, then line, then source order; `source_items` as read.
"""


def reference_page() -> str:
    """Return the page in Markdown.

    Examples
    --------
    >>> print(reference_page().splitlines()[0])
    # Tables
    """
    parts = [_HEAD, "\n## Catalogue\n"]
    parts += map(_section, CATALOG_SCHEMAS)
    parts.append("\n## Orders\n")
    parts += map(_section, ORDER_SCHEMAS)
    parts.append(_RESULT)
    for name, columns in RESULT_TABLES.items():
        rows = [(f"`{column.name}`", str(column.type), column.about) for column in columns]
        parts.append(f"\n### {name}\n\n" + _table(("column", "type", "what it says"), rows))
    return "".join(parts)


def _section(schema: Schema) -> str:
    head = f"\n### {schema.name}{'' if schema.required else ' (optional)'}\n\n{schema.about}\n"
    facts = [f"Key: {', '.join(schema.key)}." if schema.key else "Rows repeat freely."]
    if schema.restricts:
        facts.append("A bad row stops the run even with `--quarantine`: the table limits promises.")
    rows = [
        (f"`{column.name}`", _holds(column), _presence(column), column.about)
        for column in schema.columns
    ]
    return f"{head}{' '.join(facts)}\n\n" + _table(("column", "holds", "", "what it says"), rows)


def _holds(column: Column) -> str:
    if column.choices:
        return ", ".join(f"`{choice}`" for choice in column.choices)
    if column.low is None and column.high is None:
        return column.kind.value
    if column.high is None:
        return f"{column.kind.value}, {column.low} or more"
    return f"{column.kind.value}, {column.low} to {column.high}"


def _presence(column: Column) -> str:
    if column.required:
        return "required"
    if column.default is None:
        return ""
    if column.kind is Kind.FLAG:
        return f"else {int(bool(column.default))}"
    scale = QTY_SCALE if column.kind is Kind.QUANTITY else 1
    return f"else {int(str(column.default)) // scale}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    print(reference_page(), end="")  # noqa: T201
