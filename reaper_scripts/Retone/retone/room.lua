-- Where on a source's result tracks there is room: on an item made of the same range, or beside what lies there.
-- @noindex

local items = require("retone.items")
local lanes = require("retone.lanes")
local projects = require("retone.projects")

local room = {}

local FIXED_LANES = 2

local function each_item(track)
  local index = -1
  return function()
    index = index + 1
    if index < reaper.CountTrackMediaItems(track) then
      return reaper.GetTrackMediaItem(track, index)
    end
  end
end

-- Whether a track has fixed lanes (REAPER 7).
function room.has_lanes(track)
  return lanes.exist() and reaper.GetMediaTrackInfo_Value(track, "I_FREEMODE") == FIXED_LANES
end

-- Whether `item` lies where the item it was made of lies: two of them overlap as their sources do.
local function lies_as_its_source(item, all, frame)
  local source = all[projects.mark(item, "item") or ""]
  if not source then
    return false
  end
  local position, length = items.place(source)
  return items.lies_at(item, { start_s = position, length_s = length, frame = frame })
end

local function overlaps(item, cut)
  local position, _, finish = items.place(item)
  return position + cut.frame < cut.start_s + cut.length_s and finish - cut.frame > cut.start_s
end

-- The item on `track` that was made of just this range of the item with this GUID, or nil.
function room.same(track, guid, cut)
  for item in each_item(track) do
    if projects.mark(item, "item") == guid and items.lies_at(item, cut) then
      return item
    end
  end
  return nil
end

-- Whether the cut of the item `guid` finds room on `track`. `all`: the project's items by GUID.
function room.is_free(track, guid, cut, all)
  for item in each_item(track) do
    if overlaps(item, cut) then
      local is_other = projects.mark(item, "item") ~= guid
      if not (is_other and lies_as_its_source(item, all, cut.frame)) then
        return false
      end
    end
  end
  return true
end

-- The first of the lanes of `track` from which on all are free where the cut lies.
function room.lane(track, cut)
  local lane = 0
  for item in each_item(track) do
    if overlaps(item, cut) then
      lane = math.max(lane, math.tointeger(reaper.GetMediaItemInfo_Value(item, "I_FIXEDLANE")) + 1)
    end
  end
  return lane
end

return room
