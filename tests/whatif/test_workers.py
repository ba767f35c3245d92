"""Processes that end whatever happens."""

import multiprocessing
import os
import signal
import time

import pytest

from engine.errors import ScenarioError, UsageError
from engine.whatif.workers import count_workers, spread


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_spread_does_every_task_once(workers):
    assert dict(spread(7, lambda task: task * task, workers)) == {at: at * at for at in range(7)}
    assert not multiprocessing.active_children()


def test_spread_works_in_other_processes():
    pids = {pid for _, pid in spread(4, lambda _: (time.sleep(0.05), os.getpid())[1], 2)}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_spread_raises_what_a_worker_raised():
    def work(task):
        raise ScenarioError(f"task {task}")

    with pytest.raises(ScenarioError, match="task"):
        list(spread(3, work, 2))
    assert not multiprocessing.active_children()


def test_spread_raises_what_cannot_be_sent_as_a_fault():
    class LocalError(Exception):
        pass

    def work(task):
        raise LocalError("here")

    with pytest.raises(RuntimeError, match="LocalError: here"):
        list(spread(2, work, 2))


def test_spread_ends_all_when_one_is_killed():
    def work(task):
        if task == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)

    with pytest.raises(ChildProcessError, match="was killed by signal 9"):
        list(spread(2, work, 2))
    assert not multiprocessing.active_children()


def test_spread_ends_all_when_nobody_listens_any_more():
    answers = spread(5, lambda task: time.sleep(60 * (task > 0)), 2)
    next(answers)
    answers.close()
    assert not multiprocessing.active_children()


def test_count_workers():
    assert count_workers(9, 3) == 3
    assert count_workers(2, 100) == 2
    assert count_workers(None, 0) == 1
    assert count_workers(None, 100) >= 1
    with pytest.raises(UsageError, match="0 is too few"):
        count_workers(0, 1)


def test_a_daemon_works_alone(monkeypatch):
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    assert count_workers(4, tasks=4) == 1
