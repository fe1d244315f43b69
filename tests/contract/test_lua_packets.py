"""Lua writes and reads the bytes that every other language does, in each Lua that REAPER has."""

from importlib import import_module
from pathlib import Path

import pytest

from contract.packets import kept
from retone_bridge.osc import Message, encode
from retone_bridge.requests import PROTOCOL

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


def test_the_scripts_speak_this_protocol(lua):
    assert lua.execute(b'return require("retone.version").protocol') == PROTOCOL


def test_lua_and_python_make_one_message_of_a_whole_request(lua):
    values = ("r1a", "/musique/été/ünï 'x'.wav", "prompt", 'a "quoted" prompt', "strength", 0.6, "seed", -1)
    by_lua = lua.execute(b'return require("retone.osc").encode')(
        b"/retone/edit", *(value.encode() if isinstance(value, str) else value for value in values)
    )
    assert by_lua == encode(Message("/retone/edit", values))
