-- What may be typed into a dialog's fields: each check gives the text as it is sent, or nil and the sentence.
-- @noindex

local check = {}

local function trimmed(text)
  return text:match("^%s*(.-)%s*$")
end

-- A number as typed, also with a decimal comma; nil where it is none.
local function number(text)
  local plain = trimmed(text):gsub(",", ".")
  return plain:match("^[+-]?%d*%.?%d*$") and tonumber(plain), plain
end

-- Any text, which may be empty.
function check.free(text)
  return trimmed(text)
end

function check.text(text)
  if trimmed(text) == "" then
    return nil, "please say something here."
  end
  return trimmed(text)
end

-- A number from `low` to `high`, or auto where `auto`.
function check.number(low, high, auto)
  return function(text)
    local value, plain = number(text)
    if auto and (plain == "" or plain:lower() == "auto") then
      return "auto"
    elseif not value or value < low or value > high then
      return nil, string.format("please give a number from %g to %g%s.", low, high, auto and ", or auto" or "")
    end
    return plain
  end
end

function check.whole(low, high)
  return function(text)
    local value, plain = number(text)
    if not value or value ~= math.floor(value) or value < low or value > high then
      return nil, string.format("please give a whole number from %d to %d.", low, high)
    end
    return (plain:gsub("%..*$", ""))
  end
end

-- auto, or a name.
function check.name(text)
  local plain = trimmed(text)
  return plain == "" and "auto" or plain
end

function check.yes_no(text)
  local plain = trimmed(text):lower()
  if plain == "yes" or plain == "y" or plain == "1" then
    return "yes"
  elseif plain == "no" or plain == "n" or plain == "0" or plain == "" then
    return "no"
  end
  return nil, "please say yes or no."
end

-- One amount, or several with commas between them.
function check.amounts(text)
  local plain = trimmed(text):gsub("%s", "")
  for each in (plain .. ","):gmatch("([^,]*),") do
    local value = number(each)
    if not value or math.abs(value) > 1 then
      return nil, "please give a number from -1 to 1, or several with commas between them, such as -1,-0.5,0.5,1."
    end
  end
  return plain
end

-- "1=0.5 3=-0.8": further directions and their amounts; may be empty.
function check.pushes(text)
  local found = {}
  for word in text:gmatch("%S+") do
    local direction, amount = word:match("^(%d+)=([+-]?[%d.]+)$")
    direction, amount = tonumber(direction), tonumber(amount)
    if not direction or direction < 1 or direction > 16 or not amount or math.abs(amount) > 1 then
      return nil, "please give pairs such as 1=0.5 3=-0.8: a direction from 1 to 16, and an amount from -1 to 1."
    end
    found[#found + 1] = word
  end
  return table.concat(found, " ")
end

return check
