"""A script that reads the audio of one item into a file, over as many ticks as that takes."""

import numpy as np

RATE = 8000
READ = """
local item, take, from, to, path = ...
local take_audio = require("retone.take_audio")
local range, why = take_audio.range(item, take, from, to)
if not range then reaper.ShowConsoleMsg("refused " .. why) return end
local reader
reader, why = take_audio.reader(item, take, range, path)
if not reader then reaper.ShowConsoleMsg("refused " .. why) return end
local function go_on()
  local state, problem = reader:step()
  if state == "reading" then
    reaper.defer(go_on)
  else
    reaper.ShowConsoleMsg(state or "refused " .. problem)
  end
end
go_on()
"""


def noise(seconds, channels, rate=RATE):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (round(seconds * rate), channels))
    return samples.astype(np.float32)


def read(reaper, item, out, selection=(0, 0), meanwhile=None):
    """What reading the item's take to ``out`` came to, as the script says it."""
    reaper.console = ""
    run = reaper.lua_run(READ, item, item.take, *map(float, selection), out)
    if meanwhile is not None:
        assert not run.ended
        meanwhile()
    reaper.until(lambda: run.ended)
    assert reaper.open_accessors == []
    assert reaper.loose_sources == []
    return reaper.console, run


def ranged(reaper, item, selection=(0, 0)):
    code = 'return require("retone.take_audio").range(...)'
    return reaper.lua_values(code, item, item.take, *map(float, selection))
