"""Steps of a run side by side: each works ahead of the next, by a bounded number of parts."""

import queue
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Any, TypeVar

Part = TypeVar("Part")

_END = object()
_PATIENCE = 5.0
"""Seconds that closing waits for the thread."""


def ahead(parts: Iterable[Part], depth: int) -> Generator[Part, None, None]:
    """Yield the parts of an iterable that a thread of its own works out.

    Parameters
    ----------
    parts
        Worked out in the thread; closed there if it is a generator.
    depth
        How many parts may wait to be fetched.

    Yields
    ------
    The same parts in the same order. What the iterable raises is raised here. When this
    generator is closed, the thread ends after the part that it is at.

    Examples
    --------
    >>> list(ahead(range(3), 1))
    [0, 1, 2]
    """
    waiting: queue.Queue[Any] = queue.Queue(depth)
    is_over = threading.Event()

    def put(item: Any) -> bool:
        while not is_over.is_set():
            with suppress(queue.Full):
                waiting.put(item, timeout=0.1)
                return True
        return False

    def work() -> None:
        try:
            for part in parts:
                if not put((part, None)):
                    break
            if isinstance(parts, Generator):
                parts.close()
            put((_END, None))
        except BaseException as error:
            put((_END, error))

    thread = threading.Thread(target=work, daemon=True, name="ssa-engine")
    thread.start()
    try:
        while True:
            part, error = waiting.get()
            if error is not None:
                try:
                    raise error
                finally:
                    del error  # or it would hold this frame, which holds it
            if part is _END:
                return
            yield part
            del part  # or the memory of two parts would be held here
    finally:
        is_over.set()
        # Who interrupts a run need not wait for a long step; the thread ends after it by itself.
        thread.join(_PATIENCE)
