"""What scripts keep in REAPER: it survives any text, any end of a script, and REAPER's own."""

import pytest

from reaper.fake import Reaper
from reaper.scene import both_luas

TEXTS = [
    "",
    " blanks around ",
    "\"quotes\" 'of' `all` kinds",
    "lines\r\nand\ttabs",
    "100 % = {a,b} [c] ; # %41",
    "Ünïcödé 漢字 🎹",
    "\udcff\udcfe no UTF-8",
    "sitdf{}=,",
    "x" * 5000,
]


@pytest.fixture
def reaper(tmp_path):
    return Reaper(tmp_path)


@both_luas
@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_back_also_from_the_disk(tmp_path, lua, text):
    reaper = Reaper(tmp_path, lua=lua)
    reaper.lua_run('require("retone.store").put("x", { ... }, true)', text)
    reaper.restart()
    assert reaper.lua_values('return table.unpack(require("retone.store").get("x"))') == text


@both_luas
def test_values_come_back_of_the_same_type(tmp_path, lua):
    code = """
    local record = require("retone.record")
    local value = { 1, 2.5, -3, 4.0, "5", true, false, { deep = { er = "x" }, [7] = "seven" }, "", 1e300, 0.1 }
    local back = record.decode(record.encode(value))
    local deep = back[8]
    return #back, math.type(back[1]), math.type(back[4]), back[5], back[7], deep.deep.er, deep[7], back[10], back[11]
    """
    wanted = [11, "integer", "float", "5", False, "x", "seven", 1e300, 0.1]
    assert Reaper(tmp_path, lua=lua).lua_values(code) == wanted


@pytest.mark.parametrize("text", ["", "x", "{", "{i1=", "{i1=s", "{i1=s}x", "{i1s}", "i", "ix", "d", "{i1=sa,}", "a b"])
def test_a_damaged_text_is_nothing(reaper, text):
    assert reaper.lua_values('return require("retone.record").decode(...) == nil', text) is True


ADD = """
local ledger = require("retone.ledger")
local jobs = { { id = "r" .. ..., name = 'a "b"', state = "read", warnings = {} }, { id = "q" .. ..., name = "c" } }
ledger.add({ id = "b" .. ..., owner = "c1", title = "x\\ny", cancels = 0, options = { mute = true }, jobs = jobs })
"""


def test_batches_are_there_after_a_restart_in_their_order(reaper):
    for name in "ab":
        reaper.lua_run(ADD, name)
    reaper.restart()
    first, second = reaper.lua_values('return require("retone.ledger").batches()')
    assert (first["id"], second["id"]) == ("ba", "bb")
    assert [job["id"] for job in first["jobs"]] == ["ra", "qa"]
    assert (first["title"], first["options"], first["jobs"][0]["name"]) == ("x\ny", {"mute": True}, 'a "b"')


def test_a_removed_batch_leaves_nothing_behind(reaper):
    reaper.lua_run(ADD, "a")
    reaper.lua_run('local ledger = require("retone.ledger") ledger.progress({ id = "ra" }, { fraction = 0.5 })')
    reaper.lua_run('local ledger = require("retone.ledger") ledger.remove(ledger.batches()[1])')
    assert [key for _section, key in reaper.ext_state] == ["batches"]
    assert [key for _section, key in reaper.kept_state] == ["batches"]


def test_who_claims_a_batch_owns_it_alone(reaper):
    reaper.lua_run(ADD, "a")
    code = """
    local ledger = require("retone.ledger")
    local batch = ledger.batches()[1]
    ledger.claim("c2", batch)
    return ledger.owns("c1", batch), ledger.owns("c2", batch), #ledger.batches()[1].jobs"""
    assert reaper.lua_values(code) == [False, True, 2]


def test_progress_is_not_written_to_the_disk(reaper):
    reaper.lua_run('require("retone.ledger").progress({ id = "ra" }, { fraction = 0.5, stage = "replay" })')
    assert reaper.lua_values('return require("retone.ledger").progress_of({ id = "ra" }).stage') == "replay"
    assert reaper.kept_state == {}


@pytest.mark.parametrize(("goes_on", "is_taken"), [(True, False), (False, True)])
def test_a_batch_is_an_orphan_when_its_owners_mark_stands_still(tmp_path, goes_on, is_taken):
    now = [0.0]

    def clock():
        now[0] += 0.05
        return now[0]

    reaper = Reaper(tmp_path, clock=clock)
    reaper.lua_run(ADD, "a")
    code = f"""
    local ledger, orphans = require("retone.ledger"), require("retone.orphans").new("c9")
    ledger.mark("c1", 0)
    local taken = 0
    for look = 1, 20 do
      local began = reaper.time_precise()
      repeat until reaper.time_precise() - began > 0.5
      if {str(goes_on).lower()} then ledger.mark("c1", look) end
      taken = math.max(taken, #orphans:find())
    end
    return taken"""
    assert reaper.lua_values(code) == int(is_taken)


def test_a_batch_is_an_orphan_at_once_when_its_owner_left_no_mark(reaper):
    reaper.lua_run(ADD, "a")
    assert reaper.lua_values('return #require("retone.orphans").new("c9"):find()') == 1
    assert reaper.lua_values('return #require("retone.orphans").new("c1"):find()') == 0


def test_a_long_dialog_makes_no_orphans(tmp_path):
    now = [0.0]
    reaper = Reaper(tmp_path, clock=lambda: now[0])
    reaper.lua_run(ADD, "a")
    run = reaper.lua_run("""
    local ledger, orphans = require("retone.ledger"), require("retone.orphans").new("c9")
    ledger.mark("c1", 0)
    orphans:find()
    local function look() reaper.ShowConsoleMsg(#orphans:find() .. " ") reaper.defer(look) end
    reaper.defer(look)""")
    now[0] = 3600.0
    reaper.tick()
    assert reaper.console == "0 "
    run.end()


@pytest.mark.parametrize("length", [1, 1990, 1999, 2000, 4000, 9000])
def test_a_value_of_any_length_is_there_after_a_restart_and_goes_without_a_trace(reaper, length):
    put = 'require("retone.store").put("job.r1", ..., true)'
    get = 'return require("retone.store").get("job.r1")'
    reaper.lua_run(put, "x" * 9001)
    reaper.lua_run(put, "x" * length)
    reaper.restart()
    assert reaper.lua_values(get) == "x" * length
    reaper.lua_run('require("retone.store").drop("job.r1")')
    assert reaper.lua_values(get) is None
    assert not any(reaper.ext_state.values())
