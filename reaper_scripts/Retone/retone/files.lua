-- Files that are whole once their name is there, on any system, whatever letters its folders have.
--
-- io.open and REAPER's own calls take UTF-8 everywhere. os.rename and os.remove may take the code page of Windows, in
-- which the environment comes too; and there are letters that it lacks.
-- @noindex

local files = {}

local BLOCK = 1 << 20

local is_windows = reaper.GetOS():find("^Win") ~= nil
local BEYOND_ASCII = "[\x80-\xff]"

-- The user's folder on Windows, as REAPER names it, in UTF-8; nil elsewhere, and for a portable REAPER.
function files.home()
  return is_windows and reaper.GetResourcePath():match("^(.*)\\AppData\\Roaming\\") or nil
end

-- A path below the user's folder in the code page of Windows; any other path as it is.
local function in_code_page(path)
  local home, own = files.home(), os.getenv("USERPROFILE")
  if home and own and path:sub(1, #home) == home then
    return own .. path:sub(#home + 1)
  end
  return path
end

-- Whether Lua may look for this path under another name than was meant.
local function is_doubtful(path)
  return is_windows and path:find(BEYOND_ASCII) ~= nil
end

-- What to say of a file that could not be begun or named; `why` is what Lua says, with the file's name in it.
function files.cannot_write(why)
  return ("Retone cannot write %s. Check the folder's rights and the room on the disk."):format(why)
end

-- What to say of a file that could not be filled.
function files.disk_full(path, why)
  return ("Retone cannot write %s: %s. Make room on the disk."):format(path, why or "the disk refused")
end

-- Removes a file, or an empty folder where the system does that; says nothing where it cannot.
function files.remove(path)
  if not os.remove(path) and is_doubtful(path) then
    os.remove(in_code_page(path))
  end
end

-- Writes a whole file; true, or nil and a sentence, and no file is left.
function files.write(path, bytes)
  local file, why = io.open(path, "wb")
  if not file then
    return nil, files.cannot_write(why)
  end
  local written
  written, why = file:write(bytes)
  -- What is still in memory meets the disk here.
  local closed, why_closed = file:close()
  if not written or not closed then
    files.remove(path)
    return nil, files.disk_full(path, why or why_closed)
  end
  return true
end

-- Writes a file once more under another name and leaves the old one empty: neither can be renamed nor removed.
local function copy(part, path)
  local from = io.open(part, "rb")
  local to = from and io.open(path, "wb")
  local is_well = to ~= nil
  while is_well do
    local bytes = from:read(BLOCK)
    if not bytes then
      break
    end
    is_well = to:write(bytes) ~= nil
  end
  is_well = to and to:close() and is_well
  if from then
    from:close()
    from = io.open(part, "wb")
  end
  if from then
    from:close()
  end
  return is_well
end

-- Gives a file its name, which must be new; true, or nil and a sentence, and the file is gone.
function files.rename(part, path)
  local renamed, why = os.rename(part, path)
  if not renamed and is_doubtful(path) then
    renamed = os.rename(in_code_page(part), in_code_page(path)) or copy(part, path)
  end
  if not renamed then
    files.remove(part)
    return nil, files.cannot_write(why)
  end
  return true
end

return files
