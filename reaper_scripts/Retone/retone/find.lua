-- The search for directions in the selected items.
-- @noindex

local check = require("retone.check")
local dialog = require("retone.dialog")
local form = require("retone.form")
local settings = require("retone.settings")

local find = {}

local NAMES = { "count", "noise_level", "strength", "seed", "model" }

-- The action: a dialog, then a search for each selected item.
function find.start(loop)
  form.begin(loop, function(sources, project)
    local fields = {
      dialog.field("count", "How many directions (1 to 16)", check.whole(1, 16), "3"),
      dialog.field("noise_level", "Noise level (0.05 to 1 or auto)", check.number(0.05, 1, true), "auto"),
      form.strength(),
      form.seed(),
      form.model(),
    }
    local values = dialog.ask(form.title("find directions in", sources), fields, settings.last("directions") or {})
    if values then
      local request = {}
      form.add(request, values, NAMES)
      form.send(loop, "directions", "directions", project, sources, request, values)
    end
  end)
end

return find
