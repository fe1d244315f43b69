"""Who waits, and whose turn it is."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from retone_bridge.journal import Job
from retone_bridge.line import Line
from retone_engine.request import EditRequest

ASKED = EditRequest.of("/a.wav", {"prompt": "strings"})


def job(id, asker):
    return Job(id, ASKED, str(Path("/a.wav")), (f"/out-{id}.wav",), ("127.0.0.1", asker))


def line_of(*ids):
    """A line of jobs whose first letter is their asker."""
    line = Line()
    for id in ids:
        line.add(job(id, ord(id[0])))
    return line


def test_the_askers_take_turns_and_each_one_s_jobs_keep_their_order():
    line = line_of("a1", "a2", "a3", "b1", "b2", "c1")
    assert [each.id for each in line] == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_turn_that_was_had_comes_after_those_who_came_meanwhile():
    line = line_of("a1", "a2", "a3")
    assert line.next().id == "a1"
    line.add(job("b1", ord("b")))
    assert [each.id for each in line] == ["a2", "b1", "a3"]
    assert line.next().id == "a2"
    assert [each.id for each in line] == ["b1", "a3"]


def test_what_is_put_back_first_is_next():
    line = line_of("a1", "b1")
    line.add(job("b0", ord("b")), first=True)
    assert line.next().id == "b0"


def test_an_empty_line_has_no_next():
    line = line_of("a1")
    assert line.pop("a1").id == "a1" and line.pop("a1") is None
    assert line.next() is None and len(line) == 0 and list(line) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40), st.data())
def test_the_order_that_is_told_is_the_order_that_is_kept(arrivals, data):
    line = Line()
    for number, (asker, first) in enumerate(arrivals):
        line.add(job(f"{asker}{number}", ord(asker)), first=first)
    for each in data.draw(
        st.lists(st.sampled_from(list(line)), unique_by=lambda each: each.id) if arrivals else st.just([])
    ):
        assert each.id in line and line.pop(each.id) == each
    told = [each.id for each in line]
    assert len(told) == len(line) == sum(line.of(("127.0.0.1", ord(asker))) for asker in "abc")
    taken = []
    while (each := line.next()) is not None:
        taken.append(each.id)
    assert taken == told
