"""Seconds by phase."""

from engine.clock import Clock


def test_clock_adds_up_by_phase():
    heard = []
    clock = Clock(heard.append)
    for phase in ("read", "rank", "read"):
        with clock(phase):
            pass
    assert heard == ["read", "rank"]
    assert list(clock.seconds) == ["read", "rank"]
    assert all(spent >= 0 for spent in clock.seconds.values())


def test_clock_tells_how_many_lines_are_done():
    heard = []
    clock = Clock(on_lines=lambda done, total: heard.append((done, total)))
    clock.lines(3, 10)
    Clock().lines(1, 2)
    assert heard == [(3, 10)]


def test_clock_tells_how_a_phase_goes_on():
    heard = []
    Clock(on_word=heard.append).word("3.25% above the bound")
    Clock().word("nobody hears it")
    assert heard == ["3.25% above the bound"]
