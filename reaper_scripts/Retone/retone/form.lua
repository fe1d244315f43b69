-- What the dialogs of edit, directions and steer have in common: their common lines, title, and way to a batch.
-- @noindex

local batch = require("retone.batch")
local check = require("retone.check")
local dialog = require("retone.dialog")
local lanes = require("retone.lanes")
local projects = require("retone.projects")
local ready = require("retone.ready")
local selection = require("retone.selection")
local service = require("retone.service")
local settings = require("retone.settings")
local take_effects = require("retone.take_effects")

local form = {}

form.MOST_SEED = 2147483647

-- Lines that several dialogs have.
function form.strength()
  return dialog.field("strength", "Strength (0 to 1 or auto)", check.number(0, 1, true), "auto")
end

function form.seed()
  return dialog.field("seed", "Seed", check.whole(0, form.MOST_SEED), "0")
end

function form.model()
  return dialog.field("model", "Model (auto or a name)", check.name, "auto")
end

-- The lines about how results land.
function form.landing()
  local fields = {
    dialog.field("mute", "Mute original (yes or no)", check.yes_no, "no"),
    dialog.field("effects", "Copy track effects (yes or no)", check.yes_no, "no"),
  }
  if lanes.exist() then
    fields[3] = dialog.field("lanes", "Variations in lanes (yes or no)", check.yes_no, "no")
  end
  return fields
end

-- How results land, from what was typed.
function form.options(values)
  return {
    mute = values.mute == "yes",
    effects = values.effects == "yes",
    lanes = values.lanes == "yes" and lanes.exist(),
  }
end

-- Adds those of `names` to a request's pairs that were typed and are not auto; a prompt may be that word.
function form.add(pairs_of, values, names)
  for _, name in ipairs(names) do
    local text = values[name]
    if text and text ~= "" and (text ~= "auto" or name == "prompt") then
      pairs_of[#pairs_of + 1] = name
      pairs_of[#pairs_of + 1] = text
    end
  end
end

-- "Retone: edit 3 items, 12.4 s, time selection, on cpu, pocket".
function form.title(verb, sources)
  local beat = service.heartbeat() or {}
  local text = string.format("Retone: %s %s", verb, selection.summary(selection.usable(sources)))
  if (beat.device or "") ~= "" then
    text = text .. ", on " .. beat.device
  end
  if (beat.model or "") ~= "" then
    text = text .. ", " .. (beat.model:match("([^/\\]+)[/\\]*$") or beat.model)
  end
  return text
end

-- The selected items, or nil and why there is nothing to do.
function form.sources()
  local project = projects.current()
  local sources = selection.sources(project)
  if #sources == 0 then
    return nil, "Select one or more items first, then run this action again."
  end
  local usable, sentences = selection.usable(sources)
  if #usable == 0 then
    return nil, table.concat(sentences, "\n")
  end
  return sources, project
end

-- The way of an action with a dialog: items, a service, then `go(sources, project)`.
function form.begin(loop, go)
  local sources, why = form.sources()
  if not sources then
    dialog.tell(why)
    return
  end
  ready.ask(loop, function()
    -- The user may have selected others while the service started.
    local now, project = form.sources()
    if now then
      go(now, project)
    else
      dialog.tell(project)
    end
  end)
end

-- The last step: remembers what was typed, asks about take effects, and begins the batch, with a window.
function form.send(loop, kind, title, project, sources, request, values, names)
  settings.remember(kind, values)
  local heard = take_effects.ask(project, sources)
  if not heard then
    return
  end
  loop:show_window()
  loop:take(batch.begin(loop.name, kind, title, project, heard, request, form.options(values), names), project)
end

return form
