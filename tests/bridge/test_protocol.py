"""One table of addresses: it is documented, it is small enough for a packet, and it reads what it writes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retone_bridge import protocol
from retone_bridge.document import document
from retone_bridge.osc import MESSAGE_LIMIT, Argument, Message, OscError, decode, encode
from retone_bridge.paths import PATH_BYTES
from retone_engine.request import (
    PARAMETERS,
    PROMPT_LIMIT,
    DirectionsRequest,
    EditRequest,
    Push,
    RetoneError,
    SteerRequest,
)

ID = "r" + "9" * 35
PATH = "/" + "p" * (PATH_BYTES - 1)
REQUESTS = [
    protocol.Hello("max", 1, 9131),
    protocol.Hello(),
    protocol.Version(),
    protocol.Status(),
    protocol.Status(9131),
    protocol.Sync(7),
    protocol.Notify(1, 9131),
    protocol.Quit(),
    protocol.Edit(ID, "/a clip.wav", {"prompt": "strings", "strength": 0.5, "highs": 1}, 9131),
    protocol.Edit(ID, "/a clip.wav"),
    protocol.Edit(ID, "/a clip.wav", {"segments": "0-2.5 piano | 2.5- strings strength=0.5"}),
    protocol.Directions(ID, "/a clip.wav", {"count": 4, "noise_level": 0.5}, 9131),
    protocol.Steer(ID, "/a clip.wav", (Push(1, (0.5,)),)),
    protocol.Steer(ID, "/a clip.wav", (Push(2, (-1.0, 0.1, 1.0)), Push(3, (-0.3,))), {"strength_end": 0.25}, 9131),
    protocol.Clips("a clip.wav"),
    protocol.PresetList(),
    protocol.PresetList("bright"),
    protocol.PresetLoad("Große Halle"),
    protocol.PresetSave("Große Halle", 1, {"prompt": "strings", "strength": 0.5}, 9131),
    protocol.PresetDelete("Große Halle"),
    protocol.Cancel(ID),
    protocol.Cancel(ID, 9131),
    protocol.Job(ID),
    protocol.Job(ID, 9131),
    protocol.Received(ID),
    protocol.Param("strength", 0.5),
    protocol.Param("prompt"),
    protocol.Action("edit", 1.0),
    protocol.Challenge(),
    protocol.Sealed(2**31 - 1, "f" * 64, bytes(range(256))),
]
# Each with the longest that it can carry.
REPLIES = [
    protocol.Welcome("10.10.10", 1, "cuda:0", "m" * 100, 3600),
    protocol.VersionReply("retone", "10.10.10", 1),
    protocol.StatusReply(ID, 64, 10**6, 10**6, "cuda:0", "m" * 100, 10**6),
    protocol.Synced("t" * 500),
    protocol.Ack(ID),
    protocol.Busy(ID, 2000),
    protocol.Queued(ID, 64),
    protocol.Progress(ID, 0.5, "invert", 12.5),
    protocol.Warned(ID, "unknown_words", "ü" * 450),
    protocol.Direction(ID, 16, 0.125, 2**31 - 1, 2**31 - 1, 31.25, 20000.0),
    protocol.Result(ID, 32, PATH),
    protocol.Done(ID, 32, PATH),
    protocol.Fail(ID, "worker_crashed", "ü" * 450),
    protocol.ClipsReply("n" * 255, (PATH[:1500], "/music/loop.wav")),
    protocol.Challenged("f" * 32),
    protocol.PresetListReply.fitting(["n" * 60] * 200, ""),
    protocol.PresetLoadReply("n" * 60, {"prompt": "\U0001f3bb" * 400}),
    protocol.Heartbeat("1750000000", "10.10.10", 1, "cuda:0", "m" * 100, "\U0001f3bb" * 400),
    *(protocol.ParamReply(p.name, "\U0001f3bb" * PROMPT_LIMIT) for p in PARAMETERS if p.kind == "text" and p.live),
]


def read_back(said):
    return protocol.read_request(*decode(encode(said.to_osc())))


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_request_is_read_as_it_was_written(request_):
    assert read_back(request_) == request_


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.address)
def test_a_reply_is_read_as_it_was_written_and_fits_a_packet(reply):
    data = encode(reply.to_osc())
    assert len(data) < MESSAGE_LIMIT
    assert protocol.read_reply(*decode(data)) == reply


def test_every_kind_is_tried_above():
    assert {type(request) for request in REQUESTS} == set(protocol.REQUESTS)
    assert {type(reply) for reply in REPLIES} == set(protocol.REPLIES)


def test_a_long_sentence_is_cut_to_fit():
    message = protocol.Fail(ID, "internal", "ü" * 5000).to_osc()
    assert len(encode(message)) < MESSAGE_LIMIT
    assert message.arguments[2].endswith("ü...")


def test_an_edit_with_everything_at_its_longest_is_refused_by_its_sender():
    with pytest.raises(OscError, match="is the limit"):
        encode(protocol.Edit(ID, PATH, {"prompt": "p" * PROMPT_LIMIT}).to_osc())


def test_addresses_are_unique_and_every_parameter_that_lives_is_held():
    addresses = [kind.address for kind in (*protocol.REQUESTS, *protocol.REPLIES) if kind is not protocol.ParamReply]
    assert len(set(addresses)) == len(addresses)
    assert set(protocol.HELD) == {p.name for p in PARAMETERS if p.live} | {"path"}


def test_the_document_is_current():
    kept = Path(__file__).parents[2] / "bridge" / "PROTOCOL.md"
    assert kept.read_text(encoding="utf-8") == document(), "run: python -m retone_bridge.document > bridge/PROTOCOL.md"


@pytest.mark.parametrize(
    ("address", "arguments", "words"),
    [
        ("/retone/edit", (), "lacks id"),
        ("/retone/edit", ("r1",), "lacks path"),
        ("/retone/edit", ("1r", "/a.wav"), "'1r' is no id"),
        ("/retone/edit", ("r" * 37, "/a.wav"), "is no id"),
        ("/retone/edit", ("r1\n", "/a.wav"), "is no id"),
        ("/retone/edit", ("r1", "/a.wav", "strength"), "'strength' has no value"),
        ("/retone/edit", ("r1", "/a.wav", "loudness", 1), "no parameter 'loudness'"),
        ("/retone/edit", ("r1", "/a.wav", "seed", 1, "seed", 2), "seed is given twice"),
        ("/retone/edit", ("r1", "/a.wav", "reply_port", 0), "a port from 1 to 65535"),
        ("/retone/edit", ("r1", "/a.wav", "reply_port"), "a port from 1 to 65535"),
        ("/retone/edit", ("r1", b"\1\2"), "path is"),
        ("/retone/notify", ("maybe",), "on is 'maybe'"),
        ("/retone/status", (1, 2), "takes 1 arguments; 2 came"),
        ("/retone/status", (0,), "reply_port is '0'; it takes a port from 1 to 65535"),
        ("/retone/job", ("r1", "reply_port", 9131), "reply_port is 'reply_port'; it takes a port"),
        ("/retone/version", (1,), "takes 0 arguments; 1 came"),
        ("/retone/hello", ("max", 1.5), "a whole number"),
        ("/retone/param/loudness", (1,), "No surface holds 'loudness'"),
        ("/retone/param/region_start", (1,), "No surface holds"),
        ("/retone/action/explode", (), "no action 'explode'"),
        ("/retone/nothing", (), "Nothing listens at /retone/nothing"),
        ("/retone/edit*", (), "Nothing listens"),
    ],
)
def test_a_wrong_request_is_named(address, arguments, words):
    with pytest.raises(RetoneError, match=words) as caught:
        protocol.read_request(Message(address, arguments))
    assert caught.value.code == "bad_request"


def test_numbers_are_taken_as_programs_send_them():
    read = protocol.read_request
    assert read(Message("/retone/notify", (1.0,))) == protocol.Notify(1)
    assert read(Message("/retone/notify", (True,))) == protocol.Notify(1)
    assert read(Message("/retone/hello", (808.0,))) == protocol.Hello("808")
    assert read(Message("/retone/action/edit", (0,))) == protocol.Action("edit", 0.0)


fractions = st.floats(0, 1)
whole_requests = st.one_of(
    st.builds(EditRequest, path=st.just("/a.wav"), prompt=st.just("strings"), strength=fractions, highs=st.booleans()),
    st.builds(DirectionsRequest, path=st.just("/a.wav"), count=st.integers(1, 16), seed=st.integers(0, 2**31 - 1)),
    st.builds(
        SteerRequest,
        path=st.just("/a.wav"),
        source_guidance_scale=fractions,
        pushes=st.tuples(
            st.builds(Push, st.just(3), st.tuples(st.floats(-1, 1))),
            st.builds(Push, st.integers(1, 2), st.lists(st.floats(-1, 1), min_size=1, max_size=5).map(tuple)),
        ),
    ),
)


@given(whole_requests)
def test_any_request_arrives_as_it_was_meant_to_the_last_digit(request_):
    asked = read_back(protocol.asking(ID, request_)).asked()
    assert asked == request_


names = [parameter.name for parameter in PARAMETERS]
arguments = st.one_of(
    st.sampled_from([*names, "reply_port", "-1,0.5", "0-1 piano", "auto"]), st.from_type(Argument), st.integers(-2, 20)
)


@settings(max_examples=500)
@given(st.sampled_from(["edit", "directions", "steer"]), st.lists(arguments, max_size=12))
def test_whatever_is_asked_is_a_request_or_a_fault_in_words(address, given_):
    try:
        protocol.read_request(Message(f"/retone/{address}", ("r1", "/a.wav", *given_))).asked()
    except RetoneError as error:
        assert error.code in ("bad_request", "bad_mask")


@given(st.from_type(Message))
def test_no_message_breaks_the_reader(message):
    for read in (protocol.read_request, protocol.read_reply):
        try:
            read(Message(f"/retone/{message.address}", message.arguments))
        except RetoneError as error:
            assert error.code == "bad_request"


def test_a_token_that_no_answer_holds_is_refused_in_words(service):
    peer = service.peer()
    peer.send_bytes(b"/retone/sync\0\0\0\0,s\0\0" + b"x" * 3000 + bytes(4))
    assert peer.next()[:3] == ("fail", "/retone/sync", "bad_request")
    peer.send("sync", "x" * 1000)
    assert peer.next() == ("synced", "x" * 1000)


def test_a_fault_of_our_own_ends_one_request_and_not_the_service(service, clip, monkeypatch):
    def broken(jobs):
        raise ZeroDivisionError

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(service.server._journal, "add", broken)
        service.peer().send("edit", "r1", str(clip), "prompt", "strings")
        peer = service.peer()
        peer.send("sync", 1)
        assert peer.next()[0] in ("synced", "fail")
    peer.send("edit", "r1", str(clip), "prompt", "strings")
    assert peer.until("done", "fail")[-1][:2] == ("done", "r1")
