"""Edits from Live on the worst of days, some of them; ``python -m faults.live_landings`` is the long version."""

from faults.live_landings import NEVER, SMALL, campaign, rows


def test_whatever_happens_in_live_an_edit_lands_once_or_its_end_is_told():
    found = campaign(**SMALL)
    assert {name: found[name] for name in NEVER} == dict.fromkeys(NEVER, 0)
    assert found["edits"] >= SMALL["edits"]
    assert found["edits"] / 4 < found["landed"]
    assert found["cancelled"] > 0 and found["failed"] > 0 and found["refused"] > 0
    assert len(found["blows"]) > 8
    assert rows(found)[0].times == found["asked"]
