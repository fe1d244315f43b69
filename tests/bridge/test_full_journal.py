"""A journal that has no room: nothing is promised that it cannot keep."""


def test_a_journal_that_cannot_be_written_refuses_new_jobs_and_lets_the_others_end(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "slow")
    peer.until("progress")
    journal = service.server._journal._connection
    pages = journal.execute("PRAGMA page_count").fetchone()[0]
    journal.execute(f"PRAGMA max_page_count = {pages}")
    refused = 0
    for k in range(12):
        peer.send("edit", f"filler{k}", str(clip), "prompt", "strings", "negative_prompt", "n" * 500)
        refused += peer.until("ack", "fail")[-1][:3] == ("fail", f"filler{k}", "disk_full")
    assert refused
    peer.send("cancel", "r1")
    assert peer.until("fail")[-1][:3] == ("fail", "r1", "cancelled")
    peer.send("sync", 1)
    assert peer.until("synced")
