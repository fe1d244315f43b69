"""Intruders, the small version: ``python -m faults.intruders`` is the long one."""

import pytest

from bridge.hosts import why_not
from faults.intruders import SMALL, campaign


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can")
def test_nobody_gets_in_among_a_clients_own_requests():
    found = campaign(**SMALL)
    assert min(found["of_these"].values()) > SMALL["attempts"] / 10
    assert found["messages_judged"] + found["packets_not_read"] > SMALL["attempts"]
    assert found["packets_not_read"] < SMALL["attempts"] / 2, "what is not read tries nothing"
    assert found["admitted_without_a_right"] == found["renders_without_a_right"] == 0
    assert found["own_requests_admitted"] == found["own_requests"] > 0
    assert not found["held_path_changed"]
    assert found["subscribers"] == 0
    assert found["sessions_kept"] == found["own_requests"]
