-- A result as an item: at its source's place, with its source's volume, pan and fades, and a take for each file.
-- @noindex

local fields = require("retone.fields")
local projects = require("retone.projects")
local wav = require("retone.wav")

local items = {}

local FADE_IN = { "D_FADEINLEN", "D_FADEINLEN_AUTO", "C_FADEINSHAPE", "D_FADEINDIR" }
local FADE_OUT = { "D_FADEOUTLEN", "D_FADEOUTLEN_AUTO", "C_FADEOUTSHAPE", "D_FADEOUTDIR" }
local LEVEL = { "D_VOL", "D_PAN", "D_PANLAW" }

-- Where an item lies: its position, length and end in seconds.
function items.place(item)
  local position = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local length = reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  return position, length, position + length
end

-- What of an item a range takes: where exactly the result lies, and which of the item's edges are its own.
-- The range was counted in frames, so what is nearer to an edge than one frame lies on it.
function items.cut(item, range)
  local position, length, finish = items.place(item)
  local frame = 1 / range.rate
  -- An item that is as long as it was may have been moved meanwhile; one that was trimmed plays on where it lay.
  local start_s = length == range.item_length_s and position + range.offset_s or range.start_s
  local cut = {
    head = math.abs(start_s - position) < frame,
    tail = math.abs(start_s + range.length_s - finish) < frame,
    frame = frame,
  }
  cut.start_s = cut.head and position or start_s
  cut.length_s = cut.tail and finish - cut.start_s or range.length_s
  if cut.head and cut.tail then
    cut.length_s = length
  end
  cut.whole = cut.head and cut.tail
  return cut
end

-- Whether an item lies at just this place.
function items.lies_at(item, cut)
  local position, length = items.place(item)
  return math.abs(position - cut.start_s) < cut.frame and math.abs(length - cut.length_s) < cut.frame
end

-- A new item on `track` for the cut of `source`, without a take yet.
function items.make(track, source, cut)
  local item = reaper.AddMediaItemToTrack(track)
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", cut.start_s)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", cut.length_s)
  reaper.SetMediaItemInfo_Value(item, "B_LOOPSRC", 0)
  fields.item(source, item, { "D_VOL", "C_BEATATTACHMODE" })
  -- REAPER may give new items fades of its own.
  for name, none in pairs({ D_FADEINLEN = 0, D_FADEOUTLEN = 0, D_FADEINLEN_AUTO = -1, D_FADEOUTLEN_AUTO = -1 }) do
    reaper.SetMediaItemInfo_Value(item, name, none)
  end
  if cut.head then
    fields.item(source, item, FADE_IN)
  end
  if cut.tail then
    fields.item(source, item, FADE_OUT)
  end
  local snap = reaper.GetMediaItemInfo_Value(source, "D_SNAPOFFSET")
  local shifted = snap - (cut.start_s - items.place(source))
  if snap > 0 and shifted >= 0 and shifted <= cut.length_s then
    reaper.SetMediaItemInfo_Value(item, "D_SNAPOFFSET", shifted)
  end
  return item
end

-- Adds a file as a take, with the volume and pan of the take it was made from. Returns the take, or nil and why.
function items.add_take(item, path, name, source_take)
  local source = reaper.PCM_Source_CreateFromFile(path)
  if not source then
    return nil, "REAPER cannot open " .. path
  end
  local take = reaper.AddTakeToMediaItem(item)
  reaper.SetMediaItemTake_Source(take, source)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", name, true)
  fields.take(source_take, take, LEVEL)
  local recipe = wav.recipe(path)
  if recipe then
    reaper.GetSetMediaItemTakeInfo_String(take, "P_EXT:retone_recipe", recipe, true)
    reaper.GetSetMediaItemInfo_String(item, "P_EXT:retone_recipe", recipe, true)
  end
  return take
end

-- Marks an item as what `job` made of the item with this GUID: a result ("item") or a "preview".
function items.sign(item, guid, job, mark)
  local jobs = projects.mark(item, "jobs")
  reaper.GetSetMediaItemInfo_String(item, "P_EXT:retone_" .. (mark or "item"), guid, true)
  reaper.GetSetMediaItemInfo_String(item, "P_EXT:retone_jobs", jobs and jobs .. " " .. job or job, true)
end

-- Whether one of these items holds what `job` made already.
function items.holds(all, job)
  for _, item in pairs(all) do
    local jobs = projects.mark(item, "jobs")
    if jobs and (" " .. jobs .. " "):find(" " .. job .. " ", 1, true) then
      return true
    end
  end
  return false
end

return items
