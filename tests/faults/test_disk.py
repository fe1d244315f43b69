"""A disk that fails at every call in turn, and one that is really full: no job is lost, no half file is left."""

import pytest

from faults import disk, disk_room, disk_service, failing
from faults.failing import FailingDisk

failing_disk = pytest.mark.skipif(bool(failing.missing()), reason=failing.missing())
full_disk = pytest.mark.skipif(bool(disk_room.missing()), reason=disk_room.missing())


@pytest.fixture
def clip(tmp_path):
    return disk.a_clip(tmp_path)


@pytest.fixture
def broken(tmp_path):
    return FailingDisk(tmp_path)


def bad(figures, *allowed):
    """Those figures that must be 0 and are not."""
    good = {"faults", "failed", "done", "done_after", "acked", "refused", "opened", "started", "full", *allowed}
    return {name: count for name, count in figures.items() if count and name not in good}


@failing_disk
def test_a_result_is_written_whole_or_not_at_all_and_a_journal_opens_or_says_why_not(tmp_path):
    figures = disk.writes(tmp_path)
    assert bad(figures["results"]) == {} and figures["results"]["failed"] > 100
    assert bad(figures["openings"]) == {} and figures["openings"]["refused"] > 100


@failing_disk
def test_a_job_whose_journal_fails_is_refused_or_comes_to_its_end(broken, tmp_path, clip):
    figures = disk_service.journal(broken, tmp_path, clip)
    assert bad(figures, "faults, once", "faults, from then on", "faults, after half a write") == {}
    assert figures["faults"] > 50 and figures["refused"] > 20
    assert figures["done_after"] > figures["faults"], "after every fault, and where a sweep met none any more"


@failing_disk
def test_an_end_that_could_not_be_noted_is_noted_on_the_way_out(broken, tmp_path, clip):
    assert disk_service.on_the_way_out(broken, tmp_path, clip) == {"without_an_end_in_the_journal": 0}


@failing_disk
def test_the_engine_leaves_nothing_on_a_disk_that_fails_and_does_the_next_job(broken, tmp_path, clip):
    figures = disk_service.engine(broken, tmp_path, clip)
    assert bad(figures) == {}
    assert figures["faults"] > 10 and figures["done_after"] == figures["faults"] + 2


@failing_disk
def test_a_service_starts_on_a_disk_that_fails_or_says_why_not(broken, tmp_path):
    figures = disk_service.starts(broken, tmp_path, every=disk.SMALL["start_every"])
    assert bad(figures) == {} and figures["refused"] > 5


@full_disk
def test_a_full_disk_fails_the_job_and_room_lets_the_next_one_through(tmp_path, clip):
    figures = disk_room.under_results(tmp_path, clip)
    assert bad(figures, "refused_when_full") == {}
    assert figures["full"] == figures["done_after"] == figures["refused_when_full"] == 4


@full_disk
def test_a_full_disk_under_the_journal_refuses_jobs_and_loses_none(tmp_path, clip):
    figures = disk_room.under_the_journal(tmp_path, clip)
    assert bad(figures, "started_when_full", "log_files") == {} and figures["log_files"] > 0
    assert figures["refused"] > 100 and figures["done_after"] == figures["full"] == 4
