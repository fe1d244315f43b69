-- What Retone remembers in REAPER: tables under names, in this session or for ever (reaper-extstate.ini).
-- @noindex

local record = require("retone.record")

local store = {}

-- How long a value may be that REAPER reads back from its ini file is not documented: longer ones are kept in parts.
local PART = 2000

-- What there is many of, "job.ID" and the like, has a section of its own: on Windows one of more than 64 KB may be cut.
local function section(name)
  local kind = name:match("^(%w+)%.")
  return kind and "Retone " .. kind or "Retone"
end

-- The key of a part of a value, from 0.
local function key(name, part)
  return part == 0 and name or name .. "+" .. part
end

-- The text under a name, of all its parts: all but the last are full. "" where there is none.
local function text_of(name)
  local parts = {}
  repeat
    parts[#parts + 1] = reaper.GetExtState(section(name), key(name, #parts))
  until #parts[#parts] < PART
  return table.concat(parts)
end

-- Takes away the parts from this one on.
local function forget(name, part)
  while reaper.GetExtState(section(name), key(name, part)) ~= "" do
    reaper.DeleteExtState(section(name), key(name, part), true)
    part = part + 1
  end
end

-- Keeps a value under a name; `for_ever`: beyond this session of REAPER.
function store.put(name, value, for_ever)
  local text = record.encode(value)
  local last = #text // PART
  for part = 0, last do
    reaper.SetExtState(section(name), key(name, part), text:sub(part * PART + 1, (part + 1) * PART), for_ever or false)
  end
  forget(name, last + 1)
end

-- The value under a name, or nil where there is none or it is damaged.
function store.get(name)
  local text = text_of(name)
  if text == "" then
    return nil
  end
  return record.decode(text)
end

local looked_at = {}

-- As `get`, for those who only look: the same table as long as the value is the same.
function store.look(name)
  local text = text_of(name)
  local last = looked_at[name]
  if not last or last.text ~= text then
    last = { text = text, value = text ~= "" and record.decode(text) or nil }
    looked_at[name] = last
  end
  return last.value
end

-- Forgets the value under a name.
function store.drop(name)
  looked_at[name] = nil
  forget(name, 0)
end

return store
