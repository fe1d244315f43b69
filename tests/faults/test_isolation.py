"""Isolation as CI tries it; ``python -m faults.isolation`` is the long version."""

from faults.isolation import SCRIPTED, SMALL, UNUSABLE, campaign, rows


def test_a_fault_of_the_engine_fails_one_job_with_its_own_code_and_nobody_waits_for_it():
    found = campaign(**SMALL)
    assert found["wrong"] == []
    assert found["cases"] == len(SCRIPTED) + SMALL["engine_cases"]
    assert found["status_unanswered"] == 0
    assert found["status"]["count"] > 100
    assert found["status"]["median_ms"] < 50 and found["status"]["p99_ms"] < 500, "on the busiest machine"
    assert found["jobs_held"] == found["jobs_done_after_restart"] == 3 * len(UNUSABLE)
    assert len(rows(found)) == 3
