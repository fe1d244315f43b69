"""A script that asks the service for jobs and notes what it is told, and one that talks to nobody but the test."""

import json
import time

from reaper.fake import Reaper
from reaper.scene import PACE, SPOOL

NOTE = """
local function text(value)
  if type(value) == "table" then
    local inner = {}
    for key, one in pairs(value) do inner[#inner + 1] = ("%q: %s"):format(tostring(key), text(one)) end
    return "{" .. table.concat(inner, ", ") .. "}"
  end
  return type(value) == "string" and '"' .. value:gsub('[\\\\"]', "\\\\%0") .. '"' or tostring(value)
end
local function note(event)
  reaper.ShowConsoleMsg(text(event) .. "\\n")
end
"""
# Each tick does what the test has put into Test/do: a line {method of the client, arguments...} each.
RUN = f"""
{NOTE.replace("local function text", "local text; function text")}
local box = assert(require("retone.spool").open())
local client = require("retone.client").new(box)
local confirms = ...
local function go_on()
  local orders = reaper.GetExtState("Test", "do")
  reaper.DeleteExtState("Test", "do", false)
  for line in orders:gmatch("[^\\n]+") do
    local words = {{}}
    for word in line:gmatch("[^\\t]+") do words[#words + 1] = math.tointeger(tonumber(word)) or word end
    if words[1] == "question" then
      local _, address, reply_address = table.unpack(words)
      client:question(address, {{ table.unpack(words, 4) }}, reply_address, function(found, why)
        note({{ kind = "answer", to = address, found = found or false, why = why or "" }})
      end)
    elseif words[1] == "stop" then
      return
    else
      assert(client[words[1]](client, table.unpack(words, 2)))
    end
  end
  for _, event in ipairs(client:tick()) do
    note(event)
    if confirms and (event.kind == "done" or event.kind == "fail") then assert(client:received(event.job)) end
  end
  reaper.defer(go_on)
end
go_on()
return box.client
"""


class Asking:
    """One run of such a script, in a REAPER of its own or in one that is there. ``confirms``: it tells the service that
    it knows the ends."""

    def __init__(self, folder, lua="5.4", confirms=True, reaper=None, **about):
        self.reaper = reaper or Reaper(folder, lua=lua, pace=PACE, **about)
        self._from = len(self.reaper.console)
        self.run = self.reaper.lua_run(RUN, confirms)
        (self.client,) = self.run.values
        self.spool = self.reaper.home / SPOOL

    def do(self, *words):
        """Has the script call a method of its client; tells it at the next tick."""
        before = self.reaper.ext_state.get(("Test", "do"), "")
        self.reaper.ext_state["Test", "do"] = before + "\t".join(map(str, words)) + "\n"

    def ask(self, id, clip, *settings, address="/retone/edit"):
        self.do("ask", id, address, clip, *settings)

    @property
    def heard(self):
        return [json.loads(line) for line in self.reaper.console[self._from :].splitlines()]

    def kinds(self, id):
        """What was told of a job, in order, without its progress."""
        return [one["kind"] for one in self.heard if one.get("job") == id and one["kind"] != "progress"]

    def of(self, id, kind):
        """The one event of this kind."""
        (found,) = [one for one in self.heard if one.get("job") == id and one["kind"] == kind]
        return found

    def until(self, id, *kinds, seconds=20):
        """Ticks until each of ``kinds`` was told of the job."""
        self.reaper.until(lambda: set(kinds) <= set(self.kinds(id)), seconds=seconds)

    def ticks(self, seconds):
        """Ticks for so long by the service's clock."""
        end = time.monotonic() + seconds
        self.reaper.until(lambda: time.monotonic() > end, seconds=20)
