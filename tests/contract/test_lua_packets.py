"""Lua writes and reads the bytes that every other language does, in each Lua that REAPER has."""

from importlib import import_module
from pathlib import Path

import pytest

from contract.packets import kept
from retone_bridge.osc import Message, encode, in_32_bits, meant
from retone_bridge.requests import PROTOCOL
from retone_bridge.said import _exactly

SCRIPTS = Path(__file__).parents[2] / "reaper_scripts" / "Retone"
PACKETS = [
    pytest.param(packet, id=f"{kind}: {packet['name']}") for kind in ("requests", "replies") for packet in kept(kind)
]
# The scripts read blobs and doubles and send none.
WRITTEN = [each for each in PACKETS if not {"b", "d"} & set(each.values[0]["tags"])]


@pytest.fixture(scope="module", params=["5.3", "5.4"])
def lua(request):
    """A Lua that knows its bytes as bytes."""
    module = import_module("lupa.lua" + request.param.replace(".", ""))
    runtime = module.LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    runtime.execute(f"package.path = [==[{SCRIPTS}/?.lua]==]".encode())
    return runtime


def in_lua(tag, value):
    return value.encode() if tag == "s" else bytes.fromhex(value) if tag == "b" else value


@pytest.mark.parametrize("packet", WRITTEN)
def test_lua_writes_the_bytes(lua, packet):
    arguments = [in_lua(*each) for each in zip(packet["tags"], packet["arguments"], strict=True)]
    encode = lua.execute(b'return require("retone.osc").encode')
    assert encode(packet["address"].encode(), *arguments).hex() == packet["hex"]


@pytest.mark.parametrize("packet", PACKETS)
def test_lua_reads_the_bytes(lua, packet):
    decode = lua.execute(b'return require("retone.osc").decode')
    address, arguments = decode(bytes.fromhex(packet["hex"]))
    assert address.decode() == packet["address"]
    found = [arguments[place] for place in range(1, arguments[b"n"] + 1)]
    assert found == [in_lua(*each) for each in zip(packet["tags"], packet["arguments"], strict=True)]
    kinds = {"i": int, "f": float, "d": float, "s": bytes, "b": bytes}
    assert [type(each) for each in found] == [kinds[tag] for tag in packet["tags"]]


NUMBERS = ["0", "7", "-3", "2147483647", "-2147483648", "2147483648", "0.5", "0.6", "-0.05", "12.345678", "1e3", "5.0",
           ".5", "1.", "0.1234567", "0.12345678901", "16777217.0", "3.39e38", "1e39", "1e-60"]  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_a_typed_number_goes_as_python_would_send_it(lua, text):
    sent = lua.execute(b'return require("retone.osc").setting')(text.encode())
    value = float(text) if {".", "e"} & set(text) else int(text)
    if abs(value) > 3.4e38 or (isinstance(value, int) and not -(2**31) <= value < 2**31):
        assert sent == text.encode()  # no 32 bits hold it
    else:
        said = _exactly(value)
        assert sent == (text.encode() if isinstance(said, str) else said)
    read = meant(in_32_bits(sent)) if isinstance(sent, float) else float(sent)
    assert read == value


@pytest.mark.parametrize("text", ["", "auto", "-1,0.5", "0x10", "1e", ".", "-", "nan", "inf", "1 2", "0,5"])
def test_what_is_no_number_goes_as_text(lua, text):
    assert lua.execute(b'return require("retone.osc").setting')(text.encode()) == text.encode()


def test_the_scripts_speak_this_protocol(lua):
    assert lua.execute(b'return require("retone.version").protocol') == PROTOCOL


def test_lua_and_python_make_one_message_of_a_whole_request(lua):
    values = ("r1a", "/musique/été/ünï 'x'.wav", "prompt", 'a "quoted" prompt', "strength", 0.6, "seed", -1)
    by_lua = lua.execute(b'return require("retone.osc").encode')(
        b"/retone/edit", *(value.encode() if isinstance(value, str) else value for value in values)
    )
    assert by_lua == encode(Message("/retone/edit", values))
