-- A clip's directions in the project: previews on a muted track to listen to, and the numbers that steer needs.
-- @noindex

local fields = require("retone.fields")
local items = require("retone.items")
local lanes = require("retone.lanes")
local landing = require("retone.landing")
local peaks = require("retone.peaks")
local store = require("retone.store")
local tracks = require("retone.tracks")
local wav = require("retone.wav")

local directions = {}

-- Of so many items directions are remembered.
local REMEMBERED = 30

local function key(guid)
  return "directions." .. guid:gsub("[^%w]", "")
end

-- Remembers what was found in an item: {job, request, found = {[number] = {share, start, frames}}, rate,
-- start_s, frames}.
function directions.remember(batch, job)
  local names = store.get("directions") or {}
  local own = key(job.item)
  for index = #names, 1, -1 do
    if names[index] == own then
      table.remove(names, index)
    end
  end
  names[#names + 1] = own
  while #names > REMEMBERED do
    store.drop(table.remove(names, 1))
  end
  store.put("directions", names, true)
  local known = { job = job.id, request = batch.request, found = job.directions }
  known.rate, known.start_s, known.frames = job.range.rate, job.range.start_s, job.range.frames
  store.put(own, known, true)
end

-- What was found in just this range of an item, or nil: another range has directions of its own.
function directions.known(guid, range)
  local known = store.get(key(guid))
  local is_it = known and known.rate == range.rate and known.start_s == range.start_s and known.frames == range.frames
  return is_it and known or nil
end

-- Where a direction acts and how much it holds: "1.2-3.4 s 4.2 %", in seconds of the project.
function directions.words(one, rate, start_s)
  local first = start_s + one.start / rate
  return string.format("%.1f-%.1f s %.1f %%", first, first + one.frames / rate, 100 * one.share)
end

-- Where a preview was cut from the clip, in seconds after its start: its recipe says the frame. A preview without one
-- lies where its direction begins, or as far before as it needs to end with the clip.
local function preview_start(path, seconds, one, range)
  local source = (wav.recipe(path) or ""):match('"source": (%b{})')
  local frame = source and tonumber(source:match('"start": (%d+)'))
  if frame then
    return frame / range.rate
  end
  return math.max(0, math.min(one.start / range.rate, range.length_s - seconds))
end

local function overlaps_any(item, others)
  local position, _, finish = items.place(item)
  for _, other in ipairs(others) do
    local from, _, to = items.place(other)
    if position < to and from < finish then
      return true
    end
  end
  return false
end

-- One direction as an item with the takes plus and minus.
local function add(project, track, job, source, number)
  local plus, minus = job.files[2 * number - 1], job.files[2 * number]
  local one = job.directions[number] or { share = 0, start = 0, frames = 0 }
  local name = string.format("direction %d", number)
  local told = directions.words(one, job.range.rate, job.range.start_s)
  local item = reaper.AddMediaItemToTrack(track)
  local source_take = reaper.GetMediaItemTakeByGUID(project, job.take) or reaper.GetActiveTake(source)
  local first
  for _, way in ipairs({ { plus, "+" }, { minus, "-" } }) do
    local take, why = items.add_take(item, way[1], string.format("%s%s  %s", name, way[2], told), source_take)
    if not take then
      error({ sentence = why })
    end
    tracks.widen(track, reaper.GetMediaSourceNumChannels(reaper.GetMediaItemTake_Source(take)))
    peaks.begin(project, take)
    first = first or take
  end
  local seconds = (reaper.GetMediaSourceLength(reaper.GetMediaItemTake_Source(first)))
  local start_s = items.cut(source, job.range).start_s + preview_start(plus, seconds, one, job.range)
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", start_s)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", seconds)
  reaper.SetMediaItemInfo_Value(item, "B_LOOPSRC", 0)
  fields.item(source, item, { "D_VOL" })
  reaper.SetActiveTake(first)
  items.sign(item, job.item, job.id, "preview")
  return item, name
end

-- The previews of one job: each direction is heard by itself, on a lane of its own where REAPER has lanes; else those
-- that would sound together with an earlier one are muted.
local function place(project, _, job, source)
  local source_track = reaper.GetMediaItem_Track(source)
  local track = tracks.make(project, source_track, "directions", "directions of " .. job.name, false)
  reaper.SetMediaTrackInfo_Value(track, "B_MUTE", 1)
  local with_lanes = lanes.exist()
  if with_lanes then
    lanes.on(track)
  end
  local heard = {}
  for number = 1, #job.files // 2 do
    local item, name = add(project, track, job, source, number)
    if with_lanes then
      lanes.put(track, item, number - 1, name)
    elseif overlaps_any(item, heard) then
      reaper.SetMediaItemInfo_Value(item, "B_MUTE", 1)
    else
      heard[#heard + 1] = item
    end
  end
  if with_lanes then
    lanes.play(track, 0)
  end
end

-- Lays the previews of a batch into `project` and remembers what was found; says what did not land and why.
function directions.land(batch, project)
  for _, job in ipairs(batch.jobs) do
    if job.state == "done" and next(job.directions) then
      directions.remember(batch, job)
    end
  end
  return landing.land(batch, project, place)
end

return directions
