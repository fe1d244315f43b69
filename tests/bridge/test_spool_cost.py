"""What it costs to look into the spool ten times a second. ``pytest -s tests/bridge/test_spool_cost.py`` prints it."""

import statistics
import time

from bridge.scripts import Script
from retone_bridge.osc import Message, encode
from retone_bridge.replies import Heartbeat
from retone_bridge.server import TICK_SECONDS
from retone_bridge.spool import Owners, Spool
from retone_bridge.spool_in import LOOK_LIMIT

LOOKS = 200
REPLY = encode(Message("/retone/progress", ("r1", 0.5, "invert", 12.5)))


def opened(tmp_path):
    spool = Spool(tmp_path / "spool", lambda: Heartbeat("0", "0.1.0", 1, "cpu", "m", ""), lambda: Owners((), ()))
    spool.tick()
    return spool


def look(spool):
    """One look, as the service does it; gives its seconds, and how many requests it took."""
    began = time.perf_counter()
    spool.tick()
    taken = spool.take()
    for one in taken:
        spool.put(one.client, REPLY)
    spool.remove(taken)
    return time.perf_counter() - began, len(taken)


def told(what, seconds):
    """Prints a line; gives the median in seconds."""
    middle, worst = statistics.median(seconds), max(seconds)
    print(f"{what}: {1e3 * middle:.3f} ms a look, {1e3 * worst:.3f} ms at most")  # noqa: T201
    return middle


def test_an_empty_folder_costs_next_to_nothing(tmp_path):
    spool = opened(tmp_path)
    middle = told("an empty folder", [look(spool)[0] for _ in range(LOOKS)])
    spool.close()
    assert middle < 0.02 * TICK_SECONDS


def test_a_busy_folder_leaves_most_of_the_time_to_the_rest(tmp_path):
    spool = opened(tmp_path)
    scripts = [Script(tmp_path / "spool") for _ in range(4)]
    seconds = []
    for _ in range(10):
        for number in range(LOOK_LIMIT):
            scripts[number % 4].send("status")
        took, count = look(spool)
        assert count == LOOK_LIMIT
        seconds.append(took)
    middle = told(f"{LOOK_LIMIT} requests, each with a reply", seconds)
    spool.close()
    assert middle < TICK_SECONDS


def test_folders_of_replies_that_nobody_reads_cost_nothing(tmp_path):
    spool = opened(tmp_path)
    for _ in range(20):
        client = Script(tmp_path / "spool").client
        for _ in range(300):
            spool.put(client, REPLY)
    middle = told("20 clients that do not read", [look(spool)[0] for _ in range(LOOKS)])
    spool.close()
    assert middle < 0.02 * TICK_SECONDS
