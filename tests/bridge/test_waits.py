"""What is done again and again, and how often: ends that nobody confirmed, and engines that do not start."""

import pytest

from retone_bridge.hold import Hold
from retone_bridge.protocol import Done
from retone_bridge.repeats import Repeats
from retone_bridge.udp import Endpoint

ASKER = Endpoint("127.0.0.1", 5000)
END = Done("r1", 1, "/a.wav")


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

    monkeypatch.setattr("time.monotonic", lambda: Clock.now)
    return Clock


def told(repeats, clock, seconds):
    """When the end is told within so many ``seconds``, looked at ten times a second."""
    found = []
    repeats._answer = lambda reply, asker: found.append(round(clock.now - 100, 1))
    while clock.now < 100 + seconds:
        clock.now += 0.1
        repeats.tick()
    return found


def test_an_end_is_told_less_and_less_often_until_the_lease_is_over(clock):
    repeats = Repeats(lambda reply, asker: None, lease_seconds=600)
    repeats.add("r1", END, ASKER)
    times = told(repeats, clock, 3600)
    pauses = [after - before for before, after in zip([0, *times], times, strict=False)]
    assert pauses[:7] == pytest.approx([0.5, 1, 2, 4, 8, 16, 32], abs=0.25)
    assert max(pauses) == pytest.approx(60, abs=0.25) and 540 < times[-1] <= 600


def test_an_end_that_is_heard_is_not_told_again(clock):
    repeats = Repeats(lambda reply, asker: None)
    repeats.add("r1", END, ASKER)
    repeats.drop("r1")
    assert told(repeats, clock, 100) == []


def test_an_engine_is_tried_again_after_pauses_that_double(clock):
    hold = Hold()
    assert not hold and not hold.is_due() and hold.why == ""
    tries = []
    for number in range(9):
        assert hold.take("No card.") == (number == 0), "news only once"
        assert hold and hold.why == "No card."
        before = clock.now
        while not hold.is_due():
            clock.now += 0.1
        tries.append(clock.now - before)
        assert not hold.is_due(), "not twice for one pause"
    assert tries == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60], abs=0.2)
    assert hold.take("No model."), "another reason is news"
    hold.release()
    assert not hold
    assert hold.take("No card.")
    clock.now += 1.1
    assert hold.is_due(), "and the pauses begin anew"
