-- What Retone remembers in REAPER: tables under names, in this session or for ever (reaper-extstate.ini).
-- @noindex

local record = require("retone.record")

local store = {}

local SECTION = "Retone"

-- Keeps a value under a name; `for_ever`: beyond this session of REAPER.
function store.put(name, value, for_ever)
  reaper.SetExtState(SECTION, name, record.encode(value), for_ever or false)
end

-- The value under a name, or nil where there is none or it is damaged.
function store.get(name)
  local text = reaper.GetExtState(SECTION, name)
  if text == "" then
    return nil
  end
  return record.decode(text)
end

local looked_at = {}

-- As `get`, for those who only look: the same table as long as the value is the same.
function store.look(name)
  local text = reaper.GetExtState(SECTION, name)
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
  reaper.DeleteExtState(SECTION, name, true)
end

return store
