"""This machine may ask everything; others what they have a right to; a stranger costs little and learns little."""

import os
import re
from collections import Counter

import pytest

from retone_bridge import protocol
from retone_bridge.guard import (
    ANSWERS_A_SECOND,
    HOSTS_LIMIT,
    PACKETS_A_SECOND,
    TOKEN_VARIABLE,
    Guard,
    PerHost,
    read_token,
)
from retone_bridge.osc import Message, encode
from retone_bridge.protocol import HELD, REQUESTS, Fail, named_in
from retone_bridge.seal import seal
from retone_bridge.server import Server, Settings
from retone_bridge.udp import Endpoint
from retone_engine.request import RetoneError

TOKEN = "a token of the tests"
HERE = Endpoint("127.0.0.1", 5000)
TABLET = Endpoint("192.168.0.20", 5000)
STRANGER = Endpoint("192.168.0.66", 5000)

LIKE = {
    "hello": Message("/retone/hello", ("somebody", 1, 9131)),
    "edit": Message("/retone/edit", ("r1", "/music/loop.wav", "prompt", "strings")),
    "directions": Message("/retone/directions", ("r1", "/music/loop.wav")),
    "steer": Message("/retone/steer", ("r1", "/music/loop.wav", "direction", 1, "amount", 0.5)),
    "sealed": seal(TOKEN, "0" * 32, 1, Message("/retone/version")).to_osc(),
    **{name: Message(f"/retone/{name}", ("r1",)) for name in ("cancel", "job", "received", "clips")},
}
ADDRESSES = [
    *(kind.address for kind in REQUESTS if not kind.address.endswith("NAME")),
    *(f"/retone/param/{name}" for name in HELD),
    *(f"/retone/action/{name}" for name in protocol.ACTIONS),
    "/retone/unheard.of",
    "/x",
]
ANYONES = {"/retone/version", "/retone/sync", "/retone/hello", "/retone/challenge"}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def like(address):
    return LIKE.get(address.removeprefix("/retone/"), Message(address))


@pytest.fixture
def guard():
    return Guard("0.0.0.0", TOKEN, ["192.168.0.20"])


def admitted(guard, source):
    found = set()
    for address in ADDRESSES:
        try:
            if guard.admitted(like(address), source) is not None:
                found.add(address)
        except RetoneError as error:
            assert error.code == "not_allowed"
    return found


def test_this_machine_may_ask_everything_but_must_seal_rightly_what_it_seals(guard):
    assert admitted(guard, HERE) == set(ADDRESSES) - {"/retone/sealed"}
    assert admitted(guard, Endpoint("127.99.0.1", 1)) == set(ADDRESSES) - {"/retone/sealed"}


def test_a_stranger_may_learn_that_a_retone_is_here_and_nothing_else():
    clock = Clock()
    guard = Guard("0.0.0.0", TOKEN, [], clock=clock)
    found = set()
    for address in ADDRESSES:
        clock.now += 1
        try:
            found |= {address} if guard.admitted(like(address), STRANGER) else set()
        except RetoneError as error:
            assert error.code == "not_allowed"
    assert found == ANYONES


def test_a_paired_host_turns_parameters_and_actions_and_names_no_file(guard):
    surface = {each for each in ADDRESSES if each.startswith(("/retone/param/", "/retone/action/"))}
    surface -= {"/retone/param/path", "/retone/param/model"}
    assert admitted(guard, TABLET) == ANYONES | surface | {"/retone/status", "/retone/notify"}
    # No other held value may be one that names a file.
    assert {name for name in HELD if re.search("folder|file|full path", HELD[name].sentence)} == {"path", "model"}


@pytest.mark.parametrize("source", [HERE, TABLET, STRANGER])
def test_whoever_has_the_token_may_ask_everything_once(source):
    clock = Clock()
    guard = Guard("0.0.0.0", TOKEN, ["192.168.0.20"], clock=clock)
    nonce = guard.challenge(source)
    for counter, address in enumerate(ADDRESSES, 1):
        clock.now += 1
        if address != "/retone/sealed":
            sealed = seal(TOKEN, nonce, counter, like(address)).to_osc()
            assert guard.admitted(sealed, source) == like(address)
            with pytest.raises(RetoneError, match="used already"):
                guard.admitted(sealed, source)


def test_hosts_that_look_alike_are_strangers(guard):
    for host in ("192.168.0.2", "192.168.0.200", "10.127.0.1", "1.127.0.0"):
        assert admitted(guard, Endpoint(host, 5000)) == ANYONES


def test_a_strangers_hello_moves_no_replies_and_names_nobody(guard):
    assert guard.admitted(LIKE["hello"], STRANGER) == Message("/retone/hello")
    assert guard.admitted(LIKE["hello"], TABLET) == LIKE["hello"]


@pytest.mark.parametrize("address", [each for each in ADDRESSES if each not in ANYONES])
def test_an_answer_to_a_stranger_is_short(guard, address):
    # With the 28 bytes that every packet has on the way.
    question = like(address)
    with pytest.raises(RetoneError) as caught:
        guard.admitted(question, STRANGER)
    answer = encode(Fail(named_in(question), caught.value.code, caught.value.message).to_osc())
    assert len(answer) + 28 < 4 * (len(encode(question)) + 28)


def test_a_strange_host_gets_few_answers_and_few_lines_in_the_log_whatever_it_sends(caplog):
    clock = Clock()
    guard = Guard("0.0.0.0", TOKEN, [], clock=clock)
    answers = Counter()
    for number in range(40_000):
        clock.now = number / 4000
        address = ADDRESSES[number % len(ADDRESSES)]
        try:
            answered = guard.admitted(like(address), STRANGER) is not None
        except RetoneError:
            answered = True
        answers["challenges" if address == "/retone/challenge" else "others"] += answered
    assert answers == {"challenges": 10 * ANSWERS_A_SECOND, "others": 10 * ANSWERS_A_SECOND}
    assert len(caplog.records) == 1


def test_a_program_that_asks_in_vain_does_not_keep_its_host_from_challenges():
    guard = Guard("0.0.0.0", TOKEN, [], clock=Clock())
    vain = [guard.admitted(like("/retone/version"), STRANGER) for _ in range(1000)]
    assert sum(one is not None for one in vain) == ANSWERS_A_SECOND
    assert guard.admitted(like("/retone/challenge"), STRANGER) is not None


def test_a_flood_leaves_seals_and_this_machine_alone(guard):
    nonce = guard.challenge(STRANGER)
    for number in range(1000):
        admitted(guard, Endpoint(f"192.168.{number // 256}.{number % 256}", 5000))
    sealed = seal(TOKEN, nonce, 1, LIKE["edit"]).to_osc()
    assert guard.admitted(sealed, STRANGER) == LIKE["edit"]
    assert guard.admitted(LIKE["edit"], HERE) == LIKE["edit"]


def test_a_flood_of_another_host_is_not_looked_at_and_leaves_room_for_the_rest():
    guard = Guard("0.0.0.0", TOKEN, [], clock=Clock())
    assert sum(guard.hears(STRANGER.host) for _ in range(100_000)) == PACKETS_A_SECOND
    assert guard.hears(TABLET.host)
    assert all(guard.hears(HERE.host) for _ in range(100_000))


def test_counts_of_hosts_are_bounded_and_forgotten_in_time():
    clock = Clock()
    counts = PerHost(2, 1.0, clock)
    assert [counts.allows("a") for _ in range(3)] == [True, True, False]
    allowed = sum(counts.allows(str(number)) for number in range(100_000))
    assert allowed == len(counts._counts) - 1 == HOSTS_LIMIT - 1
    clock.now = 1.0
    assert counts.allows("a")
    assert len(counts._counts) == 1


def test_a_service_without_a_token_opens_no_seal():
    guard = Guard("127.0.0.1", None, [])
    with pytest.raises(RetoneError, match="no token") as caught:
        guard.challenge(HERE)
    assert caught.value.code == "unsupported"
    with pytest.raises(RetoneError, match="no token"):
        guard.admitted(LIKE["sealed"], HERE)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.7", "example.org", "", "0", "::", "127.0.0.1.example.org"])
def test_nobody_listens_widely_without_a_token(tmp_path, host):
    with pytest.raises(RetoneError, match=r"RETONE_TOKEN.*umask 077.*--host 127\.0\.0\.1") as caught:
        Server(Settings(host=host, port=0, state=tmp_path))
    assert caught.value.code == "not_allowed"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost"])
def test_this_machine_alone_needs_none(host):
    Guard(host, None, [])


@pytest.mark.parametrize("host", ["tablet", "192.168.0", "192.168.0.0/24", "*", "", "::1", "0300.1.1.1"])
def test_only_an_address_is_paired(host):
    with pytest.raises(RetoneError, match="--pair takes an address") as caught:
        Guard("0.0.0.0", TOKEN, [host])
    assert caught.value.code == "bad_request"


def test_settings_do_not_show_the_token():
    assert TOKEN not in repr(Settings(token=TOKEN))


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def test_the_token_is_read_from_a_file_or_the_environment_the_file_first(token_file):
    assert read_token(None, {}) is None
    assert read_token(None, {TOKEN_VARIABLE: f" {TOKEN} "}) == TOKEN
    assert read_token(str(token_file), {TOKEN_VARIABLE: "another one, long enough"}) == TOKEN


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o777])
def test_a_token_file_that_others_can_use_is_refused_with_the_command_that_mends_it(token_file, mode):
    token_file.chmod(mode)
    with pytest.raises(RetoneError, match=f"chmod 600 {token_file}") as caught:
        read_token(str(token_file), {})
    assert caught.value.code == "not_allowed"


@pytest.mark.skipif(os.name != "posix", reason="pipes with a name are POSIX's")
def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for path in ("pipe", "folder", "none"):
        with pytest.raises(RetoneError, match=path):
            read_token(str(tmp_path / path), {})


@pytest.mark.parametrize("text", ["", "fifteen letters", "  \n", "two lines of\ntoken text", "a\0" * 20, "\udcff" * 20])
def test_a_token_that_is_short_or_no_line_is_refused_and_not_shown(token_file, text):
    token_file.write_bytes(text.encode(errors="surrogateescape"))
    sources = [(str(token_file), {}), (None, {TOKEN_VARIABLE: text})]
    for file, environment in sources:
        with pytest.raises(RetoneError, match="at least 16 characters") as caught:
            read_token(file, environment)
        assert not text.strip() or text.strip() not in caught.value.message
