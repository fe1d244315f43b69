-- The self test: items of its own in a tab of its own take the whole way to the service and back, at strength 0, where
-- an edit is the clip itself; what lands is compared with what was read. One line a check, on the console.
-- @noindex

local batch = require("retone.batch")
local files = require("retone.files")
local items = require("retone.items")
local ledger = require("retone.ledger")
local names = require("retone.names")
local projects = require("retone.projects")
local reads = require("retone.self_test_reads")
local scene = require("retone.self_test_scene")
local selection = require("retone.selection")
local service = require("retone.service")
local sound = require("retone.self_test_sound")
local spool = require("retone.spool")
local tracks = require("retone.tracks")
local version = require("retone.version")

local self_test = {}

local PATIENCE_SECONDS = 300
-- An edit of strength 0 differs from its clip by what 32-bit floats round.
local MOST_DIFFERENCE = 0.0001
local TITLE, PROMPT = "self test", "piano"
-- A volume effect that REAPER brings along, by the names it has had; its first parameter is in dB.
local EFFECTS = { "JS:utility/volume", "JS: Volume Adjustment", "utility/volume" }

local Test = {}
Test.__index = Test

local function print_line(text, ...)
  reaper.ShowConsoleMsg(text:format(...) .. "\n")
end

function Test:check(is_well, what, ...)
  self.passed = self.passed + (is_well and 1 or 0)
  self.failed = self.failed + (is_well and 0 or 1)
  print_line("%s  %s", is_well and "passed" or "FAILED", what:format(...))
end

-- Says what was measured and is not to be judged.
function Test.note(_, what, ...)
  print_line("note    %s", what:format(...))
end

-- What the other tabs have been through, to see that nothing happens to them.
local function changes_of_others(own)
  local found, index = {}, 0
  local project = reaper.EnumProjects(index)
  while project do
    if project ~= own then
      found[#found + 1] = reaper.GetProjectStateChangeCount(project)
    end
    index = index + 1
    project = reaper.EnumProjects(index)
  end
  return table.concat(found, " ")
end

-- What must be the same afterwards: the sources, the selection, the cursor, the time selection.
local function state_of(made)
  local found = {}
  for _, part in ipairs(made.parts) do
    local position, length = items.place(part.item)
    local muted = reaper.GetMediaItemInfo_Value(part.item, "B_MUTE")
    local selected = reaper.GetMediaItemInfo_Value(part.item, "B_UISEL")
    found[#found + 1] = ("%.17g %.17g %g %g"):format(position, length, muted, selected)
    found[#found + 1] = reaper.CountTakes(part.item)
  end
  local from, to = reaper.GetSet_LoopTimeRange2(made.project, false, false, 0, 0, false)
  found[#found + 1] = ("%.17g %.17g %.17g"):format(from, to, reaper.GetCursorPositionEx(made.project))
  found[#found + 1] = reaper.CountSelectedMediaItems(made.project)
  return table.concat(found, " ")
end

-- A new place for audio that only the test reads.
function Test:temporary()
  local path = assert(spool.clip(self.id, "heard-" .. #self.files + 1))
  self.files[#self.files + 1] = path
  return path
end

function Test:finish()
  for _, path in ipairs(self.files) do
    files.remove(path)
  end
  print_line("Retone self test: %d passed, %d failed.", self.passed, self.failed)
end

-- Reads the items one after the other, each to a file, then calls `go()`. `wanted`: {item, from, to, path, most}.
function Test:read_all(loop, wanted, go)
  local one = table.remove(wanted, 1)
  if not one then
    go()
    return
  end
  loop:wait(scene.read(one.item, one.from, one.to, one.path, one.most, function(is_read, why)
    if not is_read then
      self:check(false, "the audio of %s is read: %s", one.what, why)
      self:finish()
      return
    end
    self:read_all(loop, wanted, go)
  end))
end

-- Whether an accessor gives a take with its effects: said, not judged.
function Test:measure_effects(loop)
  local own = self.made.effects
  local dry, wet = self:temporary(), self:temporary()
  self:read_all(loop, { { item = own.item, from = 0, to = 0, path = dry, what = own.name } }, function()
    local index = -1
    for _, name in ipairs(EFFECTS) do
      if index < 0 then
        index = reaper.TakeFX_AddByName(own.take, name, 1)
      end
    end
    if index < 0 then
      self:note("no volume effect is at hand, so it is not known whether take effects are heard.")
      self:finish()
      return
    end
    reaper.TakeFX_SetParam(own.take, index, 0, -6.0)
    self:read_all(loop, { { item = own.item, from = 0, to = 0, path = wet, what = own.name } }, function()
      local difference, loudest = sound.difference(dry, wet)
      local heard = difference and difference > 0.1 * loudest
      self:note("take effects are %s what Retone hears of a take.", heard and "in" or "not in")
      self:finish()
    end)
  end)
end

-- The one result of a part on the track below, or nil.
function Test:result_of(part)
  local found
  for _, item in pairs(projects.items(self.made.project)) do
    if projects.mark(item, "item") == projects.guid(part.item) then
      found = item
    end
  end
  return found
end

-- What must be true of what landed, but for its sound.
function Test:check_places()
  local made = self.made
  local below = tracks.of(made.project, made.track)
  self:check(#below == 1 and below[1] == reaper.GetTrack(made.project, 1), "one new track lies just below the source's")
  local step = reaper.Undo_CanUndo2(made.project) or "none"
  self:check(step == ("Retone: %s (3 items)"):format(TITLE), "it is one undo step, named %s", step)
  self:check(state_of(made) == self.before, "items, selection, cursor and time selection are as they were")
  self:check(changes_of_others(made.project) == self.others, "no other project was changed")
  for _, part in ipairs(made.parts) do
    local item = self:result_of(part)
    self:check(item ~= nil, "%s: a result landed", part.name)
    if item then
      local position, length = items.place(item)
      local is_there = math.abs(position - part.start_s) < 1e-9 and math.abs(length - part.length_s) < 1e-9
      self:check(is_there, "%s: it lies at %.6f s for %.6f s", part.name, position, length)
      local source = reaper.GetMediaItemTake_Source(reaper.GetActiveTake(item))
      local rate, seconds = reaper.GetMediaSourceSampleRate(source), (reaper.GetMediaSourceLength(source))
      local frames = math.floor(seconds * rate + 0.5)
      local is_exact = rate == 44100 and frames == math.floor(part.length_s * 44100 + 0.5)
      self:check(is_exact, "%s: its file has %d frames at %d Hz", part.name, frames, rate)
      local volume = reaper.GetMediaItemTakeInfo_Value(reaper.GetActiveTake(item), "D_VOL")
      self:check(volume == 0.5, "%s: it has the take's volume", part.name)
      self:check(projects.mark(item, "recipe") ~= nil, "%s: its recipe is with it", part.name)
    end
  end
end

-- Compares each result, as REAPER plays it, with what was read of its source.
function Test:check_sounds(loop)
  local wanted = {}
  for _, part in ipairs(self.made.parts) do
    local item = self:result_of(part)
    if item then
      part.heard = self:temporary()
      wanted[#wanted + 1] = { item = item, from = 0, to = 0, path = part.heard, what = "the result of " .. part.name }
    end
  end
  self:read_all(loop, wanted, function()
    for _, part in ipairs(self.made.parts) do
      local difference = part.heard and sound.difference(part.read, part.heard)
      local told = difference and ("differs by %.7f at most"):format(difference) or "cannot be compared"
      self:check(difference and difference <= MOST_DIFFERENCE, "%s: its sound %s", part.name, told)
    end
    reads.check(self, loop, function()
      self:measure_effects(loop)
    end)
  end)
end

function Test:send(loop)
  local made = self.made
  self.before, self.others = state_of(made), changes_of_others(made.project)
  local request = { "prompt", PROMPT, "strength", "0" }
  local sources = selection.sources(made.project)
  local own = batch.begin(loop.name, "edit", TITLE, made.project, sources, request, {})
  loop:take(own, made.project)
  local began = reaper.time_precise()
  loop:wait(function()
    if not ledger.batch(own.id) then
      self:check_places()
      self:check_sounds(loop)
      return true
    elseif reaper.time_precise() - began > PATIENCE_SECONDS then
      self:check(false, "the service answers within %d s", PATIENCE_SECONDS)
      ledger.cancel()
      self:finish()
      return true
    end
    return false
  end)
end

-- The action.
function self_test.start(loop)
  local self = setmetatable({ id = names.id("r"), passed = 0, failed = 0, files = {} }, Test)
  print_line("Retone %s, REAPER %s, %s, %s", version.version, reaper.GetAppVersion(), reaper.GetOS(), _VERSION)
  local state, sentence = service.state()
  self:check(state == "running" and not sentence, "the service runs%s", sentence and ": " .. sentence or "")
  if state ~= "running" then
    self:finish()
    return
  end
  local beat = service.heartbeat() or {}
  self:note("the service is %s, on %s, with %s", beat.version, beat.device, beat.model)
  local made, why = scene.make()
  self:check(made ~= nil, "a tab with items is made%s", why and ": " .. why or "")
  if not made then
    self:finish()
    return
  end
  self.made = made
  local wanted = {}
  for _, part in ipairs(made.parts) do
    part.read = self:temporary()
    wanted[#wanted + 1] = { item = part.item, from = 7.5, to = 9.5, path = part.read, what = part.name }
  end
  self:read_all(loop, wanted, function()
    self:send(loop)
  end)
end

return self_test
