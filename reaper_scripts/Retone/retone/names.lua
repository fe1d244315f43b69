-- Names that nobody else has, names that every file system takes, and files that are whole once their name is there.
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

-- What to say of a file that could not be begun or named; `why` is what Lua says, with the file's name in it.
function names.cannot_write(why)
  return ("Retone cannot write %s. Check the folder's rights and the room on the disk."):format(why)
end

-- What to say of a file that could not be filled.
function names.disk_full(path, why)
  return ("Retone cannot write %s: %s. Make room on the disk."):format(path, why or "the disk refused")
end

-- Writes a whole file; true, or nil and a sentence, and no file is left.
function names.write(path, bytes)
  local file, why = io.open(path, "wb")
  if not file then
    return nil, names.cannot_write(why)
  end
  local written
  written, why = file:write(bytes)
  -- What is still in memory meets the disk here.
  local closed, why_closed = file:close()
  if not written or not closed then
    os.remove(path)
    return nil, names.disk_full(path, why or why_closed)
  end
  return true
end

-- Gives a file its name, which must be new; true, or nil and a sentence, and the file is gone.
function names.rename(part, path)
  local renamed, why = os.rename(part, path)
  if not renamed then
    os.remove(part)
    return nil, names.cannot_write(why)
  end
  return true
end

return names
