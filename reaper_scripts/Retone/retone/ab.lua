-- A and B: the original is heard, or its edit. Of selected items, either may be selected.
-- @noindex

local dialog = require("retone.dialog")
local landing = require("retone.landing")
local projects = require("retone.projects")
local selection = require("retone.selection")

local ab = {}

-- The pairs of the selected items: {source, results}, each source once.
function ab.pairs_of(project, selected)
  local all = projects.items(project)
  local results = {}
  for _, item in pairs(all) do
    local of = projects.mark(item, "item")
    if of then
      results[of] = results[of] or {}
      table.insert(results[of], item)
    end
  end
  local found, seen = {}, {}
  for _, item in ipairs(selected) do
    local own = projects.guid(item)
    local guid = results[own] and own or projects.mark(item, "item")
    if guid and all[guid] and not seen[guid] then
      seen[guid] = true
      found[#found + 1] = { source = all[guid], results = results[guid] }
    end
  end
  return found
end

local function is_muted(item)
  return reaper.GetMediaItemInfo_Value(item, "B_MUTE") ~= 0
end

local function hears_edit(pair)
  if not is_muted(pair.source) then
    return false
  end
  for _, item in ipairs(pair.results) do
    if not is_muted(item) then
      return true
    end
  end
  return false
end

-- The action: where the edit is heard, the original is heard then; else the edit.
function ab.toggle()
  local project = projects.current()
  local found = ab.pairs_of(project, selection.remember(project))
  if #found == 0 then
    -- Else REAPER would make an undo step of its own.
    reaper.defer(function() end)
    dialog.tell("Select an item that Retone edited, or one of its edits; then run this action again.")
    return
  end
  local to_edit = not hears_edit(found[1])
  landing.as_one_step(project, to_edit and "Retone: hear the edit" or "Retone: hear the original", function()
    for _, pair in ipairs(found) do
      reaper.SetMediaItemInfo_Value(pair.source, "B_MUTE", to_edit and 1 or 0)
      for _, item in ipairs(pair.results) do
        reaper.SetMediaItemInfo_Value(item, "B_MUTE", to_edit and 0 or 1)
      end
    end
  end)
end

return ab
