"""Delivery as CI tries it; ``python -m faults.delivery`` is the long version."""

from faults.delivery import SMALL, campaign, rows


def test_every_request_over_a_bad_network_is_done_once_and_told_once():
    found = campaign(**SMALL)
    assert found["faults"] == []
    assert (found["lost"], found["never_begun"], found["rendered_twice"]) == (0, 0, 0)
    assert (found["ends_other_than_one"], found["results_missing_or_twice"], found["wrong_answers"]) == (0, 0, 0)
    assert found["questions"] == 4 * SMALL["requests"] / 10
    packets = found["packets"]
    assert 0.25 < packets["lost"] / packets["taken"] < 0.35, "the network was as bad as it is said to be"
    assert packets["doubled"] > 0.1 * packets["taken"] and packets["overtaken"] > 0.1 * packets["taken"]
    assert [row.times for row in rows(found)] == [SMALL["requests"], found["questions"]]
