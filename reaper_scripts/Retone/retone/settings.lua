-- The last values of each dialog, for the next one and for the actions that show none.
-- @noindex

local store = require("retone.store")

local settings = {}

-- The last values of a dialog ("edit", "directions", "steer"), or nil.
function settings.last(kind)
  return store.get("last." .. kind)
end

-- Remembers values: {name = text}; what REAPER is closed with is there when it opens.
function settings.remember(kind, values)
  store.put("last." .. kind, values, true)
end

return settings
