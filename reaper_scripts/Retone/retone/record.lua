-- Tables as text that REAPER can keep: one line without quotes or blanks, whatever the strings in them hold.
--
-- A string is `s` and its bytes, all but letters, digits and . _ - written as %XX; a whole number `i`, another number
-- `d`, a truth `t` or `f`; a table `{key=value,...}` with its keys in order.
-- @noindex

local record = {}

-- Classes such as %w, and the point of a number, follow the system's language: what is kept must not.
local function escaped(text)
  return (text:gsub("[^A-Za-z0-9._-]", function(byte)
    return string.format("%%%02X", byte:byte())
  end))
end

local function before(a, b)
  if type(a) == type(b) then
    return a < b
  end
  return type(a) == "number"
end

-- The text of a string, number, boolean or table of these (keys: strings and whole numbers).
function record.encode(value)
  local kind = type(value)
  if kind == "string" then
    return "s" .. escaped(value)
  elseif kind == "boolean" then
    return value and "t" or "f"
  elseif kind == "number" then
    local text = math.type(value) == "integer" and string.format("i%d", value) or string.format("d%.17g", value)
    return (text:gsub(",", "."))
  elseif kind == "table" then
    local keys, parts = {}, {}
    for key in pairs(value) do
      keys[#keys + 1] = key
    end
    table.sort(keys, before)
    for _, key in ipairs(keys) do
      parts[#parts + 1] = record.encode(key) .. "=" .. record.encode(value[key])
    end
    return "{" .. table.concat(parts, ",") .. "}"
  end
  error("a " .. kind .. " cannot be kept")
end

local parse

local function parse_table(text, place)
  local found = {}
  if text:sub(place, place) == "}" then
    return found, place + 1
  end
  while true do
    local key, value
    key, place = parse(text, place)
    if key == nil or text:sub(place, place) ~= "=" then
      return nil, place
    end
    value, place = parse(text, place + 1)
    if value == nil then
      return nil, place
    end
    found[key] = value
    local mark = text:sub(place, place)
    place = place + 1
    if mark == "}" then
      return found, place
    elseif mark ~= "," then
      return nil, place
    end
  end
end

-- One value from `place` on and the place after it; nil where the text is damaged.
function parse(text, place)
  local kind = text:sub(place, place)
  if kind == "{" then
    return parse_table(text, place + 1)
  elseif kind == "t" or kind == "f" then
    return kind == "t", place + 1
  end
  -- Past the text's end there is no match.
  local body = text:match("^[A-Za-z0-9._%%+-]*", place + 1) or ""
  local after = place + 1 + #body
  if kind == "s" then
    return body:gsub("%%(%x%x)", function(hex)
      return string.char(tonumber(hex, 16))
    end), after
  elseif kind == "i" then
    return math.tointeger(tonumber(body)), after
  elseif kind == "d" then
    local number = tonumber(body)
    return number and number + 0.0, after
  end
  return nil, place
end

-- The value of `encode`'s text, or nil where it is none: of a hand's making, or cut short.
function record.decode(text)
  local value, after = parse(text, 1)
  if after ~= #text + 1 then
    return nil
  end
  return value
end

return record
