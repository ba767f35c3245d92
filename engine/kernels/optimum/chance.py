"""Random numbers, the same on every machine: Marsaglia's xorshift (doi:10.18637/jss.v008.i14)."""

from engine.kernels.jit import inlined, jit
from engine.types import IntArray


@inlined
def draw(chance: IntArray, count: int) -> int:
    """Return a number from 0 to ``count`` - 1; ``chance`` is (1,) the state, never 0."""
    state = chance[0]
    state ^= state << 13
    state ^= (state >> 7) & 0x1FFFFFFFFFFFFFF  # int64 has no shift that brings in zeros
    state ^= state << 17
    chance[0] = state
    return (state & 0x7FFFFFFFFFFFFFFF) % count


@jit
def shuffle(sequence: IntArray, chance: IntArray) -> None:
    """Put numbers in a random sequence, in place (Fisher and Yates)."""
    for last in range(len(sequence) - 1, 0, -1):
        other = draw(chance, last + 1)
        sequence[last], sequence[other] = sequence[other], sequence[last]
