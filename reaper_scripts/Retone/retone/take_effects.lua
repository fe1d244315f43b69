-- Effects on a take: Retone reads a take's audio from before them, so the user may have them rendered into it first.
-- @noindex

local selection = require("retone.selection")

local take_effects = {}

local APPLY_EFFECTS = 40209 -- Item: Apply track/take FX to items
local YES_NO_CANCEL, YES, CANCEL = 3, 6, 2

-- Renders the take effects of one item into a new take of it, which is active then; the selection stays. The track's
-- own effects are kept out of it, as the result's track may have them.
local function apply(project, item)
  local selected = selection.remember(project)
  local track = reaper.GetMediaItem_Track(item)
  local enabled = reaper.GetMediaTrackInfo_Value(track, "I_FXEN")
  selection.restore(project, { item })
  reaper.SetMediaTrackInfo_Value(track, "I_FXEN", 0)
  local worked, why = pcall(reaper.Main_OnCommandEx, APPLY_EFFECTS, 0, project)
  reaper.SetMediaTrackInfo_Value(track, "I_FXEN", enabled)
  selection.restore(project, selected)
  if not worked then
    error(why, 0)
  end
end

-- Asks for each source whose take has effects. Returns the sources as they are then, or nil when the user cancels.
function take_effects.ask(project, sources)
  local found = {}
  for index, source in ipairs(sources) do
    found[index] = source
    if source.range and reaper.TakeFX_GetCount(source.take) > 0 then
      local question = source.name
        .. " has take effects, and Retone hears a take without them.\n\n"
        .. "Yes: render them into a new take of the item first (the old take stays).\n"
        .. "No: go on without them."
      local answer = reaper.MB(question, "Retone", YES_NO_CANCEL)
      if answer == CANCEL then
        return nil
      elseif answer == YES then
        apply(project, source.item)
        found[index] = selection.source(project, source.item)
      else
        source.without_effects = true
      end
    end
  end
  return found
end

return take_effects
