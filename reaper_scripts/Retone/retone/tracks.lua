-- The track that results land on: found again, or made just below the source's, sounding as the source's sounds.
-- @noindex

local fields = require("retone.fields")
local projects = require("retone.projects")
local words = require("retone.words")

local tracks = {}

local LEVEL = { "D_VOL", "D_PAN", "D_WIDTH", "D_DUALPANL", "D_DUALPANR", "I_PANMODE", "D_PANLAW", "B_PHASE" }
local OUTPUT = { "B_MAINSEND", "C_MAINSEND_OFFS" }
local SEND = {
  "B_MUTE", "B_PHASE", "B_MONO", "D_VOL", "D_PAN", "D_PANLAW",
  "I_SENDMODE", "I_AUTOMODE", "I_SRCCHAN", "I_DSTCHAN", "I_MIDIFLAGS",
}
local TO_TRACK, TO_HARDWARE = 0, 1
local NAME_LENGTH = 60

local function is_folder(track)
  return reaper.GetMediaTrackInfo_Value(track, "I_FOLDERDEPTH") >= 1
end

-- Inserts a track at an index from 0, in whichever tab the project is.
local function insert(project, index)
  if reaper.InsertTrackInProject then
    reaper.InsertTrackInProject(project, index, 0)
  else
    local active = projects.current()
    if active ~= project then
      reaper.SelectProjectInstance(project)
    end
    reaper.InsertTrackAtIndex(index, false)
    if active ~= project then
      reaper.SelectProjectInstance(active)
    end
  end
  return reaper.GetTrack(project, index)
end

-- A new track just below `source` and the tracks of Retone's that follow it. It takes over the end of a folder.
local function insert_below(project, source)
  local guid = reaper.GetTrackGUID(source)
  local index = math.tointeger(reaper.GetMediaTrackInfo_Value(source, "IP_TRACKNUMBER"))
  local above = source
  while true do
    local next_one = reaper.GetTrack(project, index)
    local of = next_one and (projects.track_mark(next_one, "source") or projects.track_mark(next_one, "directions"))
    if of ~= guid then
      break
    end
    above, index = next_one, index + 1
  end
  local depth = reaper.GetMediaTrackInfo_Value(above, "I_FOLDERDEPTH")
  local track = insert(project, index)
  if depth < 0 then
    reaper.SetMediaTrackInfo_Value(above, "I_FOLDERDEPTH", 0)
  end
  reaper.SetMediaTrackInfo_Value(track, "I_FOLDERDEPTH", math.min(depth, 0))
  return track
end

local function copy_sends(source, track)
  for _, category in ipairs({ TO_TRACK, TO_HARDWARE }) do
    for index = 0, reaper.GetTrackNumSends(source, category) - 1 do
      local to = nil
      if category == TO_TRACK then
        to = reaper.GetTrackSendInfo_Value(source, category, index, "P_DESTTRACK")
      end
      reaper.CreateTrackSend(track, to)
      -- The last of its kind, which sends and hardware outputs count apart; of CreateTrackSend's own number REAPER does
      -- not say how it counts.
      local made = reaper.GetTrackNumSends(track, category) - 1
      for _, name in ipairs(SEND) do
        local value = reaper.GetTrackSendInfo_Value(source, category, index, name)
        reaper.SetTrackSendInfo_Value(track, category, made, name, value)
      end
    end
  end
end

local function copy_effects(source, track)
  for index = 0, reaper.TrackFX_GetCount(source) - 1 do
    reaper.TrackFX_CopyToTrack(source, index, track, index, false)
  end
  fields.track(source, track, { "I_FXEN" })
end

-- Makes `track` sound as `source` does. A folder's result is the folder's first child and sounds through it.
local function sound_like(source, track, with_effects)
  if is_folder(source) then
    return
  end
  fields.track(source, track, LEVEL)
  fields.track(source, track, OUTPUT)
  tracks.widen(track, reaper.GetMediaTrackInfo_Value(source, "I_NCHAN"))
  copy_sends(source, track)
  if with_effects then
    copy_effects(source, track)
  end
end

-- Gives a track at least so many channels; REAPER's are even.
function tracks.widen(track, channels)
  local even = channels + channels % 2
  if reaper.GetMediaTrackInfo_Value(track, "I_NCHAN") < even then
    reaper.SetMediaTrackInfo_Value(track, "I_NCHAN", even)
  end
end

-- A new track below `source`, named and coloured; `mark`: "source" (results) or "directions" (previews).
function tracks.make(project, source, mark, name, with_effects)
  local track = insert_below(project, source)
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", words.line(name, NAME_LENGTH), true)
  reaper.SetMediaTrackInfo_Value(track, "I_CUSTOMCOLOR", reaper.ColorToNative(222, 128, 64) | 0x1000000)
  reaper.GetSetMediaTrackInfo_String(track, "P_EXT:retone_" .. mark, reaper.GetTrackGUID(source), true)
  sound_like(source, track, with_effects)
  return track
end

-- The tracks that results of `source` landed on, from top to bottom.
function tracks.of(project, source)
  local guid, found = reaper.GetTrackGUID(source), {}
  for index = 0, reaper.CountTracks(project) - 1 do
    local track = reaper.GetTrack(project, index)
    if projects.track_mark(track, "source") == guid then
      found[#found + 1] = track
    end
  end
  return found
end

return tracks
