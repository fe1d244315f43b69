"""Edits from Live on bad days, a few; ``python -m faults.live_landings`` and ``faults.live_kills`` try more."""

from faults import live_kills, live_landings


def test_whatever_happens_in_live_an_edit_lands_once_or_its_end_is_told():
    found = live_landings.campaign(**live_landings.SMALL)
    assert {name: found[name] for name in live_landings.NEVER} == dict.fromkeys(live_landings.NEVER, 0)
    assert found["edits"] >= live_landings.SMALL["edits"]
    assert found["edits"] / 4 < found["landed"]
    assert found["cancelled"] + found["failed"] + found["refused"] > 3
    assert len(found["blows"]) > 8
    assert live_landings.rows(found)[0].times == found["asked"]


def test_an_edit_from_live_lands_once_though_the_service_is_killed():
    found = live_kills.campaign(**live_kills.SMALL)
    assert {name: found[name] for name in live_kills.NEVER} == dict.fromkeys(live_kills.NEVER, 0)
    assert found["codes"].keys() <= {"worker_crashed"}
    assert live_kills.SMALL["edits"] / 2 < found["landed"] <= found["asked"]
    assert live_kills.rows(found)[0].times == found["asked"]
