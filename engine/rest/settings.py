"""What the service keeps to."""

from typing import NamedTuple


class Limits(NamedTuple):
    """The most that one request may ask for.

    Attributes
    ----------
    body_bytes
        Bytes of a body.
    batch_bytes
        Bytes of the body of ``source-selection-batch``.
    items
        Links, source items, or items of an inventory request.
    page_size
        Rows of a page, and of an answer without pages.
    seconds
        From the first byte of a request to the first of its answer.
    """

    body_bytes: int = 8 << 20
    batch_bytes: int = 256 << 20
    items: int = 10_000
    page_size: int = 10_000
    seconds: float = 30.0
