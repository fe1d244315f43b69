"""Pressure as CI tries it; ``python -m faults.pressure`` is the long version."""

from bridge.harness import running
from faults.pressure import SMALL, campaign, rows
from faults.witness import short_clip
from retone_bridge.jobs import WAITING_LIMIT


def test_every_request_of_a_crowd_is_acknowledged_or_told_busy_while_the_engine_renders():
    found = campaign(**SMALL)
    requests = SMALL["clients"] * SMALL["each"]
    for mode in ("turns", "rush", "all_acknowledged"):
        how = found[mode]
        assert how["acknowledged"] + how["told_busy"] == requests, mode
        assert (how["unanswered"], how["failed"]) == (0, 0), mode
        assert how["acknowledged_and_not_kept"] == how["kept_and_not_acknowledged"] == 0, mode
        assert how["rendering_all_the_while"], mode
        assert how["any_answer"]["p99_ms"] < (10_000 if mode == "rush" else 1000), "on the busiest machine"
    assert found["turns"]["acknowledged"] == found["rush"]["acknowledged"] == WAITING_LIMIT
    assert found["all_acknowledged"]["acknowledged"] == requests
    assert [row.times for row in rows(found)] == [requests] * 3


def test_who_asks_for_much_does_not_keep_out_who_asks_for_little(tmp_path):
    clip = short_clip(tmp_path)
    with running(tmp_path / "state") as service:
        first, greedy, modest = service.peer(), service.peer(), service.peer()
        first.send("edit", "first", str(clip), "prompt", "slow")
        first.until("progress")
        for k in range(8):
            greedy.send("edit", f"g{k}", str(clip), "prompt", "count")
        greedy.send("sync", 1)
        greedy.until("synced")
        for k in range(3):
            modest.send("edit", f"m{k}", str(clip), "prompt", "count")
        modest.send("sync", 1)
        modest.until("synced")
        first.send("cancel", "first")
        ended = set()
        while len(ended) < 8:
            ended.add(greedy.until("done")[-1][1])
    order = (tmp_path / "starts").read_text().split()
    assert order == ["g0", "m0", "g1", "m1", "g2", "m2", "g3", "g4", "g5", "g6", "g7"]
