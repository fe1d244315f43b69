-- Edits along directions: one, or several at once, by as many amounts as are given.
-- @noindex

local check = require("retone.check")
local dialog = require("retone.dialog")
local directions = require("retone.directions")
local form = require("retone.form")
local settings = require("retone.settings")
local words = require("retone.words")

local steer = {}

local CAPTION_LENGTH = 100

-- What is known of the directions of the one item that is selected, or nil.
local function known_of(sources)
  return #sources == 1 and directions.known(sources[1].guid, sources[1].range) or nil
end

local function caption(known)
  local told = {}
  for number, one in ipairs(known and known.found or {}) do
    told[number] = string.format("%d: %s", number, directions.words(one, known.rate, known.start_s))
  end
  if #told == 0 then
    return "Direction (1 to 16)"
  end
  return "Direction (" .. words.line(table.concat(told, "; "), CAPTION_LENGTH) .. ")"
end

-- A request's pairs as {name = value}.
local function named(pairs_of)
  local found = {}
  for index = 1, #pairs_of, 2 do
    found[pairs_of[index]] = pairs_of[index + 1]
  end
  return found
end

-- The directions and amounts of what was typed: the request's pushes, the highest direction, the amounts as a list.
local function pushes(values)
  local request = { "direction", values.direction, "amount", values.amount }
  local highest, amounts = math.tointeger(tonumber(values.direction)), {}
  for word in values.further:gmatch("%S+") do
    local direction, amount = word:match("^(%d+)=(.*)$")
    highest = math.max(highest, math.tointeger(tonumber(direction)))
    table.move({ "direction", direction, "amount", amount }, 1, 4, #request + 1, request)
  end
  for amount in values.amount:gmatch("[^,]+") do
    amounts[#amounts + 1] = amount
  end
  return request, highest, amounts
end

-- What lands is named after the directions and amounts.
local function names_of(values, amounts)
  local names = {}
  local further = values.further ~= "" and " " .. values.further or ""
  for index, amount in ipairs(amounts) do
    names[index] = string.format("direction %s=%s%s", values.direction, amount, further)
  end
  return names
end

local function send(loop, sources, project, values, known)
  local request, highest, amounts = pushes(values)
  form.add(request, values, { "strength", "seed" })
  if known then
    -- The same search finds the same directions: those that were listened to.
    local found = named(known.request)
    form.add(request, found, { "noise_level", "model" })
    request[#request + 1] = "count"
    request[#request + 1] = tostring(math.max(highest, math.tointeger(tonumber(found.count)) or 0))
  elseif highest > 3 then
    request[#request + 1] = "count"
    request[#request + 1] = tostring(highest)
  end
  local names = names_of(values, amounts)
  local title = #names == 1 and names[1] or string.format("direction %s=%s", values.direction, values.amount)
  form.send(loop, "steer", title, project, sources, request, values, names)
end

-- The action: a dialog, then the way along the directions for each selected item.
function steer.start(loop)
  form.begin(loop, function(sources, project)
    local known = known_of(sources)
    local fields = {
      dialog.field("direction", caption(known), check.whole(1, 16), "1"),
      dialog.field("amount", "Amount (-1 to 1; several by commas)", check.amounts, "0.5"),
      dialog.field("further", "Further directions (1=0.5 3=-0.8)", check.pushes, ""),
      form.strength(),
      form.seed(),
    }
    for _, field in ipairs(form.landing()) do
      fields[#fields + 1] = field
    end
    local values = settings.last("steer") or {}
    if known then
      local found = named(known.request)
      values.seed, values.strength = found.seed or "0", found.strength or "auto"
    end
    values = dialog.ask(form.title("steer", sources), fields, values)
    if values then
      send(loop, sources, project, values, known)
    end
  end)
end

return steer
