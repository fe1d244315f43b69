-- The project tab of the self test: a track with items that are played in several ways.
-- @noindex

local landing = require("retone.landing")
local names = require("retone.names")
local projects = require("retone.projects")
local reads = require("retone.self_test_reads")
local sound = require("retone.self_test_sound")
local take_audio = require("retone.take_audio")

local self_test_scene = {}

local NEW_TAB = 40859 -- New project tab

local function add(track, path, name, position, length, playrate)
  local item = reaper.AddMediaItemToTrack(track)
  local take = reaper.AddTakeToMediaItem(item)
  local source = assert(reaper.PCM_Source_CreateFromFile(path), "REAPER cannot open the file of the self test")
  reaper.SetMediaItemTake_Source(take, source)
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", position)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", length)
  reaper.SetMediaItemTakeInfo_Value(take, "D_PLAYRATE", playrate)
  reaper.SetMediaItemTakeInfo_Value(take, "D_VOL", 0.5)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", name, true)
  return { item = item, take = take, name = name, position = position, length = length }
end

-- Puts the items onto a new track of the tab.
local function fill(made)
  local project, path = made.project, made.path
  reaper.InsertTrackAtIndex(0, false)
  local track = reaper.GetTrack(project, 0)
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", "self test", true)
  local parts = {
    add(track, path, "as it is", 1.0, 2.0, 1.0),
    add(track, path, "at playrate 1.37", 4.0, 2.0 / 1.37, 1.37),
    add(track, path, "under a time selection", 7.0, 2.0, 1.0),
  }
  local effects = add(track, path, "with a take effect", 10.0, 1.0, 1.0)
  made.reads = reads.fill(function(name, position, length)
    return add(track, path, name, position, length, 1.0)
  end)
  reaper.GetSet_LoopTimeRange2(project, true, false, 7.5, 9.5, false)
  for _, part in ipairs(parts) do
    part.start_s, part.length_s = part.position, part.length
    reaper.SetMediaItemSelected(part.item, true)
  end
  parts[3].start_s, parts[3].length_s = 7.5, 1.5
  made.track, made.parts, made.effects = track, parts, effects
end

-- A new tab with its items: {project, track, path, parts, reads, effects}; each part as {item, take, name, position,
-- length, start_s, length_s}, the last two being what is to be rendered. Or nil and why not.
function self_test_scene.make()
  reaper.Main_OnCommand(NEW_TAB, 0)
  local project = projects.current()
  local path = projects.media_folder(project) .. "/retone-self-test-" .. names.id("s") .. ".wav"
  local written, why = sound.write(path)
  if not written then
    return nil, why
  end
  local made = { project = project, path = path }
  written, why = landing.as_one_step(project, "Retone: items of the self test", function()
    fill(made)
  end)
  if not written then
    return nil, why
  end
  return made
end

-- A step (see loop.wait) that reads a stretch of an item to `path`, at most `most` frames at once where that is said,
-- then calls `go(true)`, or `go(nil, sentence)`.
function self_test_scene.read(item, from, to, path, most, go)
  local take = reaper.GetActiveTake(item)
  local range, why = take_audio.range(item, take, from, to)
  local reader
  if range then
    reader, why = take_audio.reader(item, take, range, path)
  end
  if reader and most then
    reader.most = most
  end
  return function()
    local state
    if reader then
      state, why = reader:step()
    end
    if state == "reading" then
      return false
    end
    go(state and true or nil, why)
    return true
  end
end

return self_test_scene
