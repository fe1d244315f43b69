"""That the soak works, in seconds; ``make soak`` is the real one."""

from faults.soak import SMALL, Sample, _trend, campaign, rows


def test_a_short_soak_gets_its_jobs_done_and_measures_both_processes():
    found = campaign(**SMALL)
    assert found["faults"] == []
    assert sum(count for name, count in found["jobs"].items() if name.endswith(" done")) >= 1
    assert found["engine_kills"] == 2
    assert found["service"]["threads"]["flat"] and found["service"]["handles"]["flat"]
    assert 5 < found["service"]["uss_mib"]["end"] < 200 < found["engine"]["uss_mib"]["end"]
    assert "minutes" in rows(found)[0].tried


def test_growth_is_seen():
    grown = [Sample(k, 1, 100 + 0.1 * k, 50 + 0.1 * k, 8, 20 + k // 50) for k in range(1000)]
    even = [Sample(k, 1, 100 + k % 3, 50 + k % 3, 8, 20 + k % 2) for k in range(1000)]
    assert _trend(even)["flat"]
    found = _trend(grown)
    assert [name for name in ("rss_mib", "uss_mib", "threads", "handles") if not found[name]["flat"]] == [
        "rss_mib",
        "uss_mib",
        "handles",
    ]
    assert abs(found["uss_mib"]["slope_an_hour"] - 360) < 1
