"""Order lines that come batch by batch: their findings add up to those of the whole table."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from engine.tables.findings import Finding
from engine.tables.raw import RawTable
from engine.types import IntArray

BATCH_ROWS = 100_000
"""Lines worked on at once: from 64k to 1M make no difference of note, and memory grows."""


class LineBatch(NamedTuple):
    """Some rows of ``order_lines`` as read, and (num_rows,) where they stand in the whole table."""

    raw: RawTable
    rows: IntArray

    def part(self, start: int, stop: int) -> "LineBatch":
        """Return the rows ``start:stop``."""
        table = self.raw.table.slice(start, stop - start)
        return LineBatch(self.raw._replace(table=table), self.rows[start:stop])


def cut_batch(batch: LineBatch) -> Iterator[LineBatch]:
    """Yield a batch in pieces of a size that stays in the cache; at least one."""
    for start in range(0, max(len(batch.rows), 1), BATCH_ROWS):
        yield batch.part(start, min(start + BATCH_ROWS, len(batch.rows)))


def in_whole_table(findings: Iterable[Finding], rows: IntArray) -> list[Finding]:
    """Return findings on a batch with the rows of the whole table."""
    return [finding._replace(rows=rows[finding.rows]) for finding in findings]


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Put findings of the same rule on the same column together, by row."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        key = (finding.table, finding.column, finding.reason, finding.remedy)
        groups.setdefault(key, []).append(finding)
    return [_merge(group) for group in groups.values()]


def _merge(findings: Sequence[Finding]) -> Finding:
    if len(findings) == 1:
        return findings[0]
    rows = np.concatenate([finding.rows for finding in findings])
    values = [value for finding in findings for value in finding.values]
    order = np.argsort(rows, kind="stable")
    return findings[0]._replace(rows=rows[order], values=[values[at] for at in order])
