"""What the service keeps to."""

from typing import NamedTuple


class Limits(NamedTuple):
    """The most that one request may ask for.

    Attributes
    ----------
    body_bytes
        Bytes of a body.
    batch_bytes, json_batch_bytes
        Bytes of the body of ``source-selection-batch``, as an Arrow stream and as JSON, of which
        20 MB keep everybody else waiting for a second.
    items
        Links, source items, or items of an inventory request.
    lines
        Rows of an Arrow stream: some columns take no bytes, whatever their length.
    page_size
        Rows of a page, and of an answer without pages.
    seconds
        From the first byte of a request to the first of its answer.
    """

    body_bytes: int = 8 << 20
    batch_bytes: int = 256 << 20
    json_batch_bytes: int = 32 << 20
    items: int = 10_000
    lines: int = 5_000_000
    page_size: int = 10_000
    seconds: float = 30.0
