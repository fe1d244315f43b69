"""When a script asks what: of one job by the clock, and of many in a client whose service is the test."""

from importlib import import_module

import pytest

from reaper.table import SCRIPTS

REQUEST = ["/retone/edit", "r1", "/a.wav"]
STATE = ["/retone/job", "r1"]


class Lua:
    """A Lua with the library, but without REAPER."""

    def __init__(self, version):
        module = import_module("lupa.lua" + version.replace(".", ""))
        self.runtime = module.LuaRuntime(unpack_returned_tuples=True)
        self.runtime.execute(f"package.path = [==[{SCRIPTS / 'Retone'}/?.lua]==]")

    def library(self, name):
        return self.runtime.execute(f'return (require("retone.{name}"))')

    def table(self, value):
        if isinstance(value, dict):
            return self.runtime.table_from({key: self.table(inner) for key, inner in value.items()})
        if isinstance(value, list):
            return self.runtime.table_from([self.table(inner) for inner in value])
        return value


@pytest.fixture(params=["5.3", "5.4"])
def lua(request):
    return Lua(request.param)


class Job:
    """A job that begins at the time 0."""

    def __init__(self, lua, request=REQUEST):
        self.lua = lua
        self.own = lua.library("job").new("r1", request and lua.table(request), 0.0)

    def hear(self, now, kind, **about):
        """What the user is told of it, as a dict; None for nothing."""
        found = self.own.hear(self.own, self.lua.table({"job": "r1", "kind": kind, **about}), float(now))
        return None if found is None else dict(found.items())

    def due(self, now):
        found = self.own.due(self.own, float(now))
        return None if found is None else list(found.values())

    def cancel(self, now):
        self.own.cancel(self.own, float(now))


def test_after_5_silent_seconds_its_state_is_asked(lua):
    job = Job(lua)
    assert job.due(4.9) is None
    assert job.due(5.1) == STATE
    assert job.due(9.0) is None
    assert job.due(10.2) == STATE
    job.hear(12, "progress", fraction=0.5, stage="invert", seconds_left=3.0)
    assert job.due(16.9) is None
    assert job.due(17.1) == STATE


def test_a_busy_service_is_asked_again_when_it_said(lua):
    job = Job(lua)
    assert job.hear(1, "busy", retry_ms=2000) is None
    assert job.due(2.9) is None
    assert job.due(3.0) == REQUEST
    assert job.due(3.1) is None
    assert job.due(8.1) == STATE


def test_a_job_that_is_unknown_is_asked_for_again_but_not_for_ever(lua):
    job = Job(lua)
    for turn in range(5):
        assert job.hear(turn, "fail", code="unknown_job", message="?") is None
        assert job.due(turn) == REQUEST
    assert job.hear(9, "fail", code="unknown_job", message="?")["code"] == "unknown_job"
    assert job.due(99) is None


def test_of_a_job_that_another_run_asked_for_unknown_is_the_end(lua):
    job = Job(lua, request=None)
    assert job.hear(1, "busy", retry_ms=1) is None
    assert job.due(5) is None
    assert job.hear(2, "fail", code="unknown_job", message="?")["kind"] == "fail"


@pytest.mark.parametrize("answer", [{"kind": "busy", "retry_ms": 100}, {"kind": "fail", "code": "unknown_job"}])
def test_a_cancelled_job_that_the_service_never_kept_is_cancelled(lua, answer):
    job = Job(lua)
    job.cancel(0)
    assert job.hear(1, **answer)["code"] == "cancelled"
    assert job.due(99) is None


def test_a_cancel_is_said_again_when_nothing_follows(lua):
    job = Job(lua)
    job.hear(1, "ack")
    job.cancel(2)
    assert job.due(6.9) is None
    assert job.due(7) == ["/retone/cancel", "r1"]
    assert job.hear(8, "fail", code="cancelled", message="so")["code"] == "cancelled"


def test_what_is_told_twice_is_new_once(lua):
    job = Job(lua)
    assert [job.hear(1, "ack") is None for _ in range(2)] == [False, True]
    assert [job.hear(1, "result", index=1, path="/b") is None for _ in range(2)] == [False, True]
    assert [job.hear(1, "direction", direction=1, share=0.5) is None for _ in range(2)] == [False, True]
    assert [job.hear(1, "queued", position=2) is None for _ in range(2)] == [False, False]


def test_a_done_that_lacks_results_is_asked_about_at_most_once_a_second(lua):
    job = Job(lua)
    assert job.hear(1, "done", count=2, first_path="/b") is None
    assert job.due(1) == STATE
    assert job.hear(1.5, "done", count=2, first_path="/b") is None
    assert job.due(1.6) is None
    assert job.due(2.0) == STATE
    job.hear(2.1, "result", index=1, path="/b")
    job.hear(2.1, "result", index=2, path="/c")
    done = job.hear(2.1, "done", count=2, first_path="/b")
    assert list(done["results"].values()) == ["/b", "/c"]
    assert job.hear(3, "done", count=2, first_path="/b") is None
    assert job.due(99) is None


def test_directions_that_never_come_are_not_waited_for_for_ever(lua):
    job = Job(lua, ["/retone/directions", "r1", "/a.wav"])
    for index in (1, 2):
        job.hear(1, "result", index=index, path="/b")
    heard = [job.hear(turn, "done", count=2, first_path="/b") for turn in range(2, 8)]
    assert [each is None for each in heard] == [True] * 5 + [False]


class Client:
    """A client whose service and clock are the test's."""

    def __init__(self, lua):
        self.lua, self.now, self.sent, self.coming, self.is_running = lua, 100.0, [], [], True
        lua.runtime.globals().reaper = lua.table({"time_precise": lambda: self.now})
        stand_in = {
            "heartbeat": lambda: self.is_running or None,
            "state": lambda: "running" if self.is_running else ("absent", "Start it."),
        }
        lua.runtime.execute("package.loaded['retone.service'] = ...", lua.table(stand_in))
        box = {"send": lambda _box, *message: self.sent.append(list(message)) or True, "receive": self._receive}
        self.own = lua.library("client").new(lua.table(box))

    def _receive(self, _box):
        coming, self.coming = self.coming, []
        return self.lua.table(coming)

    def call(self, name, *arguments):
        return self.own[name](self.own, *arguments)

    def tick(self, seconds=0.25, *coming):
        """(job, kind) of the events of a tick after ``seconds``, in which the service said ``coming``."""
        self.now += seconds
        self.coming = list(coming)
        self.sent.clear()
        return [(event["job"], event["kind"]) for event in self.own.tick(self.own).values()]


DONE = ["/retone/done", "r1", 0, "/b"]


def test_replies_that_are_not_as_they_should_be_are_passed_over(lua):
    client = Client(lua)
    client.call("ask", "r1", "/retone/edit", "/a.wav")
    wrong = [
        ["/retone/progress", "r1", "half", "read", 1.0],
        ["/retone/progress", "r1", float("nan"), "read", 1.0],
        ["/retone/progress", "r1"],
        ["/retone/result", 1, 1, "/b"],
        ["/retone/done"],
        ["/retone/unheard-of", "r1"],
        ["/retone/result", "r2", 1, "/b"],
        ["/retone/fail", "/retone/edit", "bad_request", "It is."],
    ]
    assert client.tick(0.25, *wrong) == []
    assert client.tick(0.25, DONE) == [("r1", "done")]


def test_an_end_that_is_told_long_after_it_was_confirmed_is_confirmed_again(lua):
    client = Client(lua)
    client.call("ask", "r1", "/retone/edit", "/a.wav")
    assert client.tick(0.25, DONE) == [("r1", "done")]
    assert client.tick(3, DONE) == []
    client.call("received", "r1")
    assert client.tick(0.5, DONE) == []
    assert client.sent == []
    assert client.tick(5, DONE) == []
    assert client.sent == [["/retone/received", "r1"]]


def test_nothing_is_asked_of_a_service_that_does_not_run(lua):
    client = Client(lua)
    client.call("ask", "r1", "/retone/edit", "/a.wav")
    assert client.sent == [["/retone/edit", "r1", "/a.wav"]]
    client.is_running = False
    assert client.tick(0.5) == []  # a look may miss the heartbeat
    assert client.tick(0.5) == [("r1", "silent")]
    assert client.tick(60) == []
    assert client.sent == []
    client.is_running = True
    assert client.tick(0.5) == [("r1", "back")]
    assert client.sent == [["/retone/job", "r1"]]


def test_each_question_gets_its_own_answer(lua):
    client = Client(lua)
    answers = []

    def ask(name, address, reply_address):
        callback = lambda found, why=None: answers.append((name, found and list(found.values()), why))  # noqa: E731
        client.call("question", address, lua.table([]), reply_address, callback)

    ask("first", "/retone/preset/save", "/retone/ack")
    ask("second", "/retone/preset/delete", "/retone/ack")
    ask("third", "/retone/preset/list", "/retone/preset/list.reply")
    ask("fourth", "/retone/preset/load", "/retone/preset/load.reply")
    client.tick(
        0.25,
        ["/retone/ack", "/retone/preset/delete"],
        ["/retone/preset/list.reply", 1, "mine"],
        ["/retone/fail", "/retone/preset/load", "unknown_preset", "There is none."],
    )
    assert answers == [
        ("second", ["/retone/preset/delete"], None),
        ("third", [1, "mine"], None),
        ("fourth", None, "There is none."),
    ]
    client.tick(1.8)
    assert len(answers) == 4
    assert answers[3][:2] == ("first", None)
    assert "did not answer within 2 seconds" in answers[3][2]
    client.tick(0.25, ["/retone/ack", "/retone/preset/save"])
    assert len(answers) == 4
