-- The waveforms of new takes, built a little each tick: without them REAPER draws an empty lane.
-- @noindex

local projects = require("retone.projects")

local peaks = {}

local BEGIN, GO_ON, FINISH = 0, 1, 2
local BUDGET_SECONDS = 0.01

local waiting = {}

-- Begins with the peaks of a new take.
function peaks.begin(project, take)
  if not reaper.PCM_Source_BuildPeaks then
    -- An older REAPER builds them when it draws the item.
    return
  end
  if reaper.PCM_Source_BuildPeaks(reaper.GetMediaItemTake_Source(take), BEGIN) ~= 0 then
    waiting[#waiting + 1] = { project = project, take = take }
  end
end

-- Builds on for some 10 ms; true while there is more to do.
function peaks.go_on()
  local began = reaper.time_precise()
  while #waiting > 0 and reaper.time_precise() - began < BUDGET_SECONDS do
    local first = waiting[1]
    -- The take may be gone, and with it its source; or the whole project, of which nothing may be asked then.
    local source = projects.is_open(first.project)
      and reaper.ValidatePtr2(first.project, first.take, "MediaItem_Take*")
      and reaper.GetMediaItemTake_Source(first.take)
    if not source then
      table.remove(waiting, 1)
    elseif reaper.PCM_Source_BuildPeaks(source, GO_ON) == 0 then
      reaper.PCM_Source_BuildPeaks(source, FINISH)
      table.remove(waiting, 1)
      reaper.UpdateArrange()
    end
  end
  return #waiting > 0
end

return peaks
