-- What Retone remembers in REAPER: tables under names, in this session or for ever (reaper-extstate.ini).
-- @noindex

local record = require("retone.record")

local store = {}

-- What there is many of, "job.ID" and the like, has a section of its own: on Windows one of more than 64 KB may be cut.
local function section(name)
  local kind = name:match("^(%w+)%.")
  return kind and "Retone " .. kind or "Retone"
end

-- Keeps a value under a name; `for_ever`: beyond this session of REAPER.
function store.put(name, value, for_ever)
  reaper.SetExtState(section(name), name, record.encode(value), for_ever or false)
end

-- The value under a name, or nil where there is none or it is damaged.
function store.get(name)
  local text = reaper.GetExtState(section(name), name)
  if text == "" then
    return nil
  end
  return record.decode(text)
end

local looked_at = {}

-- As `get`, for those who only look: the same table as long as the value is the same.
function store.look(name)
  local text = reaper.GetExtState(section(name), name)
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
  reaper.DeleteExtState(section(name), name, true)
end

return store
