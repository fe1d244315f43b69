-- Names that nobody else has, and names that every file system takes.
-- @noindex

local names = {}

local SLUG_LENGTH = 60
-- Windows takes these for devices, whatever stands behind a dot.
local DEVICES = { con = true, prn = true, aux = true, nul = true }

-- `letter` and 12 hex digits, new each time.
function names.id(letter)
  return letter .. reaper.genGuid(""):gsub("[^%x]", ""):sub(1, 12):lower()
end

-- `name` in ASCII letters, digits, - _ and dots, at most 60 characters, without the ending of an audio file.
function names.slug(name)
  -- Classes such as %w follow the system's language, so the letters are spelt out.
  local slug = name:gsub("%.[A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9]?$", "")
  slug = slug:gsub("[^A-Za-z0-9_.-]+", "-"):gsub("^[-.]+", ""):sub(1, SLUG_LENGTH):gsub("[-.]+$", "")
  local stem = slug:match("^[^.]*"):lower()
  if slug == "" or DEVICES[stem] or stem:find("^com%d$") or stem:find("^lpt%d$") then
    slug = "clip" .. (slug == "" and "" or "-" .. slug)
  end
  return slug
end

return names
