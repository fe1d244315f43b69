-- Edits of the selected items by a prompt: with a dialog, or again as last time.
-- @noindex

local batch = require("retone.batch")
local check = require("retone.check")
local dialog = require("retone.dialog")
local form = require("retone.form")
local presets = require("retone.presets")
local ready = require("retone.ready")
local report = require("retone.report")
local settings = require("retone.settings")
local words = require("retone.words")

local edit = {}

local NAMES = { "prompt", "strength", "seed", "variations", "model" }
local NAMES_LENGTH = 60
local PRESET_NAME_LENGTH = 60

local function is_own(name)
  for _, each in ipairs(NAMES) do
    if each == name then
      return true
    end
  end
  return false
end

-- The request of what was typed, and of what a preset holds beside it.
local function request(values)
  local pairs_of = {}
  form.add(pairs_of, values, NAMES)
  local others = {}
  for name in pairs(values.beside or {}) do
    others[#others + 1] = name
  end
  table.sort(others)
  form.add(pairs_of, values.beside or {}, others)
  return pairs_of
end

local function check_preset_name(text)
  local name = check.free(text)
  if (utf8.len(name) or #name) > PRESET_NAME_LENGTH then
    return nil, "please give a name of at most 60 characters."
  end
  return name
end

local function fields_of(names)
  local listed = words.line(table.concat(names, " | "):gsub("[()]", " "), NAMES_LENGTH)
  local known = #names > 0 and "Preset (" .. listed .. ")" or "Preset"
  local fields = {
    dialog.field("prompt", "Prompt", check.text, ""),
    form.strength(),
    form.seed(),
    dialog.field("variations", "Variations (1 to 16)", check.whole(1, 16), "1"),
    form.model(),
    dialog.field("preset", known, check_preset_name, ""),
    dialog.field("save_as", "Save as preset", check_preset_name, ""),
  }
  for _, field in ipairs(form.landing()) do
    fields[#fields + 1] = field
  end
  return fields
end

-- What was typed, with a preset's settings in place of what it names.
local function with_preset(values, name, found)
  local filled = { loaded = name, beside = {} }
  for key, text in pairs(values) do
    filled[key] = filled[key] or text
  end
  filled.strength, filled.seed, filled.variations, filled.model = "auto", "0", "1", "auto"
  for key, text in pairs(found) do
    if is_own(key) then
      filled[key] = text
    else
      filled.beside[key] = text
    end
  end
  return filled
end

local ask

-- What follows an answered dialog: a preset comes into it, or one is kept, or the edit begins.
local function go_on(loop, sources, project, names, values)
  local function again(changed)
    ask(loop, sources, project, names, changed)
  end
  if values.preset == "" then
    values.loaded, values.beside = nil, nil
  elseif values.preset ~= values.loaded then
    presets.load(loop, values.preset, function(found, why)
      if found then
        again(with_preset(values, values.preset, found))
      else
        dialog.tell(why)
        again(values)
      end
    end)
    return
  end
  local function send()
    form.send(loop, "edit", values.prompt, project, sources, request(values), values)
  end
  local name = values.save_as
  if name == "" then
    send()
    return
  end
  presets.save(loop, name, request(values), names, function(saved, why)
    if saved then
      values.save_as, values.preset, values.loaded = "", name, name
      send()
    else
      if why then
        dialog.tell(why)
      end
      again(values)
    end
  end)
end

function ask(loop, sources, project, names, values)
  local answer = dialog.ask(form.title("edit", sources), fields_of(names), values)
  if answer then
    answer.loaded, answer.beside = values.loaded, values.beside
    go_on(loop, sources, project, names, answer)
  end
end

-- The action with the dialog.
function edit.start(loop)
  form.begin(loop, function(sources, project)
    presets.names(loop, function(names)
      ask(loop, sources, project, names, settings.last("edit") or {})
    end)
  end)
end

-- The last edit once more, on what is selected now; `with_new_seed`: with seeds that were not used yet. No dialog.
function edit.again(loop, with_new_seed)
  local values = settings.last("edit")
  if not values then
    report.say("there is no edit to repeat yet; run 'Retone - edit selected items with a prompt' first.")
    return
  end
  local sources, project = form.sources()
  if not sources then
    report.say(project)
    return
  end
  ready.quietly(function()
    if with_new_seed then
      local next_seed = math.tointeger(tonumber(values.seed)) + math.tointeger(tonumber(values.variations))
      values.seed = tostring(next_seed % (form.MOST_SEED + 1))
      settings.remember("edit", values)
    end
    local options = form.options(values)
    loop:take(batch.begin(loop.name, "edit", values.prompt, project, sources, request(values), options), project)
  end)
end

return edit
