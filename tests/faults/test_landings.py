"""Edits from REAPER as CI loses what is between; ``python -m faults.landings`` is the long version."""

from faults.landings import SMALL, campaign, rows

NEVER = (
    "landed_twice", "never_ended", "done_and_not_landed", "landed_and_not_done", "takes_of_one_file", "files_missing",
    "files_stray",
)  # fmt: skip


def test_whatever_dies_an_edit_lands_once_or_its_end_is_told():
    found = campaign(**SMALL)
    assert {name: found[name] for name in NEVER} == dict.fromkeys(NEVER, 0)
    assert found["codes"].keys() <= {"cancelled", "worker_crashed"}
    assert SMALL["edits"] / 2 < found["landed"] <= found["begun"]
    assert sum(found["blows"].values()) >= SMALL["blows"] - 1  # the first round is an edit
    assert rows(found)[0].times == found["begun"]
