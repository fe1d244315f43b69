"""Cancel as CI tries it; ``python -m faults.cancels`` is the long version."""

from faults.cancels import SMALL, campaign, rows


def test_a_cancel_ends_a_render_within_a_network_call_and_leaves_no_file():
    found = campaign(**SMALL)
    assert found["wrong"] == []
    assert found["cancelled"] + found["done_before"] == SMALL["cancels"]
    assert found["cancelled"] > SMALL["cancels"] / 2
    assert found["files_left"] == 0
    assert found["to_the_fail"]["max_ms"] < found["network_call"]["max_ms"] + 2000, "on the busiest machine"
    assert found["next_begins_after"]["max_ms"] < 1000
    assert rows(found)[0].times == SMALL["cancels"]
