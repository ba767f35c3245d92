"""Seconds by phase of a run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter


class Clock:
    """Adds up the seconds of each phase, and tells a listener when one begins.

    Attributes
    ----------
    seconds
        Phase -> seconds so far, in order of first appearance.
    """

    def __init__(self, listener: Callable[[str], None] | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._listener = listener

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Count what happens inside the ``with`` to a phase."""
        if self._listener and phase not in self.seconds:
            self._listener(phase)
        self.seconds.setdefault(phase, 0.0)
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] += perf_counter() - start
