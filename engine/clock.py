"""Seconds by phase of a run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter


class Clock:
    """Adds up the seconds of each phase, and tells listeners how far the run is.

    Parameters
    ----------
    on_phase
        Called with each phase when it begins for the first time.
    on_lines
        Called with how many order lines are done, and how many there are (about, or 0 if nobody
        knows).
    on_word
        Called with a few words on how a long phase goes on.

    Attributes
    ----------
    seconds
        Phase -> seconds so far, in order of first appearance.
    on_lines
        All who are told of lines.
    """

    def __init__(
        self,
        on_phase: Callable[[str], None] | None = None,
        on_lines: Callable[[int, int], None] | None = None,
        on_word: Callable[[str], None] | None = None,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self._on_phase = on_phase
        self._on_word = on_word
        self.on_lines = [on_lines] if on_lines else []

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Count what happens inside the ``with`` to a phase."""
        if self._on_phase and phase not in self.seconds:
            self._on_phase(phase)
        self.seconds.setdefault(phase, 0.0)
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] += perf_counter() - start

    def lines(self, done: int, total: int) -> None:
        """Tell how many order lines are done."""
        for tell in self.on_lines:
            tell(done, total)

    def word(self, words: str) -> None:
        """Tell how a long phase goes on, in words."""
        if self._on_word:
            self._on_word(words)
