"""Work spread over forked processes, which share what was there before."""

import multiprocessing
import os
import pickle
import signal
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from engine.errors import UsageError

Work = Callable[[int], Any]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def count_workers(asked: int | None, tasks: int) -> int:
    """Return how many processes to use: as asked, else one for each processor, up to the tasks.

    Raises
    ------
    UsageError
        If less than one is asked for.

    Examples
    --------
    >>> count_workers(4, tasks=3)
    3
    """
    if asked is not None and asked < 1:
        raise UsageError(f"workers: {asked} is too few; give 1 or more")
    # A worker of a pool, such as Celery's, may have no children.
    if not hasattr(os, "fork") or multiprocessing.current_process().daemon:
        return 1
    available = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    return max(1, min(asked or len(available), tasks))


def spread(tasks: int, work: Work, workers: int) -> Generator[tuple[int, Any], None, None]:
    """Yield the number of each task and what ``work`` makes of it, as they are done.

    Parameters
    ----------
    tasks
        How many there are.
    work
        Called with the number of a task, in another process if there are several workers. What
        it returns is pickled; what it uses is shared and not copied.
    workers
        Processes. All of them end with this generator, however it ends.

    Raises
    ------
    ChildProcessError
        If a worker dies.
    Exception
        What ``work`` raises.
    """
    if workers == 1:
        for task in range(tasks):
            yield task, work(task)
        return
    children: list[_Child] = []
    try:
        for _ in range(workers):
            children.append(_Child(work, children))
        yield from _answers(children, tasks)
    finally:
        for child in children:
            child.end()


class _Child:
    """A worker and the way to talk to it."""

    def __init__(self, work: Work, others: Sequence["_Child"]) -> None:
        context = multiprocessing.get_context("fork")
        self.line, far_end = context.Pipe()
        near_ends = [self.line, *(other.line for other in others)]
        self._process = context.Process(target=_serve, args=(far_end, near_ends, work), daemon=True)
        # Signals wait until the child no longer heeds them as its parent does.
        with _blocked_signals(), warnings.catch_warnings():
            # Threads of Arrow are no danger: it makes new ones in a child.
            warnings.filterwarnings("ignore", "This process", DeprecationWarning)
            self._process.start()
        far_end.close()

    def end(self) -> None:
        """Kill it and wait for it."""
        self.line.close()
        self._process.kill()
        self._process.join()
        self._process.close()

    def fate(self) -> str:
        """Return how it died."""
        self._process.join()
        code = self._process.exitcode
        return f"was killed by signal {-code}" if code and code < 0 else f"ended with {code}"


@contextmanager
def _blocked_signals() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(line: Connection, near_ends: Sequence[Connection], work: Work) -> None:
    """Work in the child until nothing more is asked for, or nobody is left to ask."""
    # Ctrl-C reaches every process of the terminal; it is for the parent to end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    for end in near_ends:
        end.close()  # or the child would not notice that its parent is gone
    with suppress(EOFError, OSError):
        while True:
            line.send_bytes(_answer(line.recv(), work))
    os._exit(0)  # nothing of the parent's is to be cleared up or flushed here


def _answer(task: int, work: Work) -> bytes:
    try:
        return pickle.dumps((task, work(task), None))
    except Exception as error:
        try:
            told = pickle.dumps((task, None, error))
            pickle.loads(told)
        except Exception:
            fault = RuntimeError(f"{type(error).__name__}: {error}")
            return pickle.dumps((task, None, fault))
        return told


def _answers(children: Sequence[_Child], tasks: int) -> Iterator[tuple[int, Any]]:
    """Yield what comes back; who has answered gets the next task."""
    waiting = iter(range(tasks))
    busy: dict[Any, _Child] = {}

    def give(child: _Child) -> None:
        if (task := next(waiting, None)) is not None:
            busy[child.line] = child
            with suppress(BrokenPipeError):  # it is dead, which shows when it does not answer
                child.line.send(task)

    for child in children:
        give(child)
    while busy:
        for line in wait(list(busy)):
            child = busy.pop(line)
            try:
                task, found, error = child.line.recv()
            except (EOFError, ConnectionResetError):
                raise ChildProcessError(
                    f"a worker process {child.fate()}, perhaps for lack of memory; "
                    "use fewer workers"
                ) from None
            if error is not None:
                raise error
            give(child)
            yield task, found
