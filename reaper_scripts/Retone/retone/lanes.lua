-- Fixed item lanes, from REAPER 7 on: variations beside each other, to comp from.
-- @noindex

local lanes = {}

local FIXED_LANES, PLAYS_ALONE = 2, 1

-- Whether this REAPER has them.
function lanes.exist()
  return (tonumber(reaper.GetAppVersion():match("^(%d+)")) or 0) >= 7
end

-- Gives a new track lanes. REAPER wants its timeline told.
function lanes.on(track)
  reaper.SetMediaTrackInfo_Value(track, "I_FREEMODE", FIXED_LANES)
  reaper.UpdateTimeline()
end

-- Puts an item on a lane (from 0) and names the lane.
function lanes.put(track, item, lane, name)
  if reaper.GetMediaTrackInfo_Value(track, "I_NUMFIXEDLANES") <= lane then
    reaper.SetMediaTrackInfo_Value(track, "I_NUMFIXEDLANES", lane + 1)
  end
  reaper.SetMediaItemInfo_Value(item, "I_FIXEDLANE", lane)
  reaper.GetSetMediaTrackInfo_String(track, "P_LANENAME:" .. lane, name, true)
end

-- Lets one lane play, and no other.
function lanes.play(track, lane)
  reaper.SetMediaTrackInfo_Value(track, "C_LANEPLAYS:" .. lane, PLAYS_ALONE)
  reaper.UpdateTimeline()
end

return lanes
