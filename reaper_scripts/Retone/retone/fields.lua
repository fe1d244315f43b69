-- Numbers copied from one track, item or take to another, by REAPER's names for them.
-- @noindex

local fields = {}

local function copy(from, to, names, get, set)
  for _, name in ipairs(names) do
    set(to, name, get(from, name))
  end
end

function fields.track(from, to, names)
  copy(from, to, names, reaper.GetMediaTrackInfo_Value, reaper.SetMediaTrackInfo_Value)
end

function fields.item(from, to, names)
  copy(from, to, names, reaper.GetMediaItemInfo_Value, reaper.SetMediaItemInfo_Value)
end

function fields.take(from, to, names)
  copy(from, to, names, reaper.GetMediaItemTakeInfo_Value, reaper.SetMediaItemTakeInfo_Value)
end

return fields
