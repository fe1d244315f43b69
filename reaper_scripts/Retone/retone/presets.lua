-- Presets: settings under a name, kept by the service, so that every front end has the same.
-- @noindex

local dialog = require("retone.dialog")

local presets = {}

-- A service with a list that does not end would keep the dialog from coming.
local MOST = 200

-- A setting as it is typed: OSC's numbers have some seven digits.
local function typed(value)
  return math.type(value) == "float" and string.format("%.7g", value) or tostring(value)
end

-- Calls `go(names)` with all names; an empty list when they cannot be had, since an edit needs none.
function presets.names(loop, go)
  local names = {}
  local function ask(after)
    loop:ask("/retone/preset/list", after and { after } or {}, "/retone/preset/list.reply", function(found)
      local count = found and math.tointeger(found[1]) or 0
      for index = 2, found and #found or 0 do
        names[#names + 1] = tostring(found[index])
      end
      if found and #found > 1 and #names < math.min(count, MOST) then
        ask(names[#names])
      else
        go(names)
      end
    end)
  end
  ask(nil)
end

-- Calls `go(settings)` with the preset's {name = text}, or `go(nil, sentence)`.
function presets.load(loop, name, go)
  loop:ask("/retone/preset/load", { name }, "/retone/preset/load.reply", function(found, why)
    if not found then
      go(nil, why)
      return
    end
    local settings = {}
    for index = 2, #found - 1, 2 do
      settings[found[index]] = typed(found[index + 1])
    end
    go(settings)
  end)
end

-- Saves `pairs_of` {name, value, ...} as a preset, and asks before one of `names` is replaced; `go(true)` when it is
-- saved, `go(false)` when the user keeps the old one, `go(nil, sentence)`.
function presets.save(loop, name, pairs_of, names, go)
  local replace = 0
  for _, each in ipairs(names) do
    if each == name then
      if not dialog.yes(string.format('There is a preset "%s" already. Replace it?', name)) then
        go(false)
        return
      end
      replace = 1
    end
  end
  local arguments = { name, replace, table.unpack(pairs_of) }
  loop:ask("/retone/preset/save", arguments, "/retone/ack", function(found, why)
    go(found and true or nil, why)
  end)
end

return presets
