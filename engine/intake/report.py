"""What is wrong with orders and lines, gathered while they come batch by batch."""

from collections.abc import Iterable

from engine.errors import InputError
from engine.orders import empty_orders
from engine.tables.findings import Finding, shown_value
from engine.tables.lines import merged
from engine.tables.validate import fatal

_TABLES = frozenset(("orders", "order_lines"))


class OutOfSequenceError(InputError):
    """The lines do not come order by order, in the sequence in which orders are served."""


class Report:
    """What is wrong with orders and lines, gathered while they come.

    Attributes
    ----------
    fatal
        What must stop the run; once there is any, batches are only looked through for more.
    rejects
        What quarantine set aside.
    notes
        What a person should know.
    """

    def __init__(self, *, quarantine: bool) -> None:
        self._quarantine = quarantine
        self._fatal: list[Finding] = []
        self._rejects: list[Finding] = []
        self._notes: dict[str, None] = {}
        self.empty_orders = 0

    def add(self, findings: list[Finding]) -> None:
        """Take note of findings, by row of the whole table."""
        self._fatal += fatal(findings, _TABLES, self._quarantine)
        if self._quarantine:
            self._rejects += findings

    def unreadable(self, findings: list[Finding]) -> None:
        """Take note of what keeps a file from being read: no row of it can be left out."""
        self._fatal += findings

    def note(self, notes: Iterable[str]) -> None:
        """Take note of what a person should know, once."""
        self._notes.update(dict.fromkeys(notes))

    @property
    def is_fatal(self) -> bool:
        """Whether the run must stop."""
        return bool(self._fatal)

    @property
    def fatal(self) -> list[Finding]:
        """Findings that must stop the run, together over all batches."""
        return merged(self._fatal)

    @property
    def rejects(self) -> list[Finding]:
        """Findings that quarantine set aside, batch by batch.

        Not merged: those of one row stay in the order in which the whole table would have them.
        """
        return list(self._rejects)

    @property
    def notes(self) -> list[str]:
        """Notes in the order in which they came up."""
        return [*self._notes, *empty_orders(self.empty_orders)]


def out_of_sequence(order_id: object) -> OutOfSequenceError:
    """Return the error that an order comes too late."""
    return OutOfSequenceError(
        f"order_lines: order {shown_value(str(order_id))} comes too late; give whole orders, by "
        "priority descending, then created_at, or use engine.allocate, which sorts"
    )
