"""Progress that only grows, cancel that is heard, and a cache that stays within its bound."""

import pytest
import torch

from retone_engine import device, progress
from retone_engine.cache import Cache
from retone_engine.request import RetoneError


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_the_fraction_grows_through_all_stages_to_one(clock):
    told = []
    reporter = progress.Reporter(told.append, lambda: False)
    reporter.plan(10)
    for stage, work in (("invert", 4), ("replay", 6)):
        reporter.stage(stage, work)
        for done in range(1, 5):
            clock[0] += 1
            reporter.step(done, 4)
    fractions = [p.fraction for p in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert [p.stage for p in told][::5] == ["invert", "replay"]


def test_seconds_left_follow_from_the_pace(clock):
    told = []
    reporter = progress.Reporter(told.append, lambda: False)
    reporter.plan(10)
    reporter.stage("replay", 10)
    clock[0] += 3
    reporter.step(1, 4)
    assert told[-1].seconds_left == pytest.approx(9)


def test_reports_are_half_a_second_apart_at_least(clock):
    told = []
    reporter = progress.Reporter(told.append, lambda: False)
    reporter.plan(1)
    reporter.stage("replay", 1)
    for done in range(100):
        clock[0] += 0.01
        reporter.step(done, 100)
    assert len(told) <= 3


def test_a_cancel_is_heard_at_the_next_step(clock):
    wanted = []
    reporter = progress.Reporter(lambda p: None, lambda: bool(wanted))
    reporter.stage("invert", 1)
    wanted.append(True)
    with pytest.raises(RetoneError) as caught:
        reporter.step(1, 2)
    assert caught.value.code == "cancelled"


def test_the_least_recently_used_leaves_the_cache_first():
    cache = Cache(limit=100)
    cache.put("a", "A", 40)
    cache.put("b", "B", 40)
    assert cache.get("a") == "A"
    cache.put("c", "C", 40)
    assert cache.get("b") is None
    assert (cache.get("a"), cache.get("c")) == ("A", "C")
    assert cache.size == 80


def test_what_is_larger_than_the_cache_is_not_kept():
    cache = Cache(limit=100)
    cache.put("a", "A", 60)
    cache.put("b", "B", 101)
    assert cache.get("b") is None
    assert cache.get("a") == "A"


def test_a_device_that_is_not_here_is_named():
    assert device.choose("cpu") == torch.device("cpu")
    with pytest.raises(RetoneError, match=r"'tpu' is not here; this machine and torch build have .*cpu"):
        device.choose("tpu")
    with pytest.raises(RetoneError, match="cuda:99"):
        device.choose("cuda:99")
