-- Results on the track below their source: as takes of one item at the source's place, or on lanes.
-- @noindex

local items = require("retone.items")
local lanes = require("retone.lanes")
local landing = require("retone.landing")
local peaks = require("retone.peaks")
local room = require("retone.room")
local tracks = require("retone.tracks")
local words = require("retone.words")

local results = {}

local NAME_LENGTH = 60

local function take_name(batch, index, count)
  if batch.names and batch.names[index] then
    return batch.names[index]
  end
  local name = words.line(batch.title, NAME_LENGTH)
  return count > 1 and name .. " " .. index or name
end

-- The track for a cut of the item `guid`, and the item on it that gets further takes, if there is one.
local function find_place(project, batch, source, guid, cut, all)
  local source_track = reaper.GetMediaItem_Track(source)
  local existing = tracks.of(project, source_track)
  for _, track in ipairs(existing) do
    local item = not batch.options.lanes and room.same(track, guid, cut)
    if item then
      return track, item
    end
  end
  for _, track in ipairs(existing) do
    if batch.options.lanes == true and room.has_lanes(track) then
      return track
    elseif not batch.options.lanes and not room.has_lanes(track) and room.is_free(track, guid, cut, all) then
      return track
    end
  end
  local track = tracks.make(project, source_track, "source", batch.title, batch.options.effects)
  if batch.options.lanes then
    lanes.on(track)
  end
  return track
end

local function add_take(project, track, item, path, name, source_take)
  local take, why = items.add_take(item, path, name, source_take)
  if not take then
    error({ sentence = why })
  end
  tracks.widen(track, reaper.GetMediaSourceNumChannels(reaper.GetMediaItemTake_Source(take)))
  peaks.begin(project, take)
  return take
end

-- Lays the files of one job onto its place.
local function place(project, batch, job, source, all)
  local cut = items.cut(source, job.range)
  local source_take = reaper.GetMediaItemTakeByGUID(project, job.take) or reaper.GetActiveTake(source)
  local track, item = find_place(project, batch, source, job.item, cut, all)
  if batch.options.lanes then
    local first = room.lane(track, cut)
    for index, path in ipairs(job.files) do
      local name = take_name(batch, index, #job.files)
      item = items.make(track, source, cut)
      add_take(project, track, item, path, name, source_take)
      items.sign(item, job.item, job.id)
      lanes.put(track, item, first + index - 1, name)
    end
    lanes.play(track, first)
  else
    item = item or items.make(track, source, cut)
    local first
    for index, path in ipairs(job.files) do
      local take = add_take(project, track, item, path, take_name(batch, index, #job.files), source_take)
      first = first or take
    end
    reaper.SetActiveTake(first)
    items.sign(item, job.item, job.id)
  end
  if batch.options.mute and cut.whole then
    reaper.SetMediaItemInfo_Value(source, "B_MUTE", 1)
  elseif batch.options.mute then
    return "its original is not muted, as only a part of it was edited."
  end
  return nil
end

-- Lays what a batch made of its items into `project`, and says what did not land and why (a list of sentences).
function results.land(batch, project)
  return landing.land(batch, project, place)
end

return results
