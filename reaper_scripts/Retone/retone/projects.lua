-- Open projects, and items in them by their GUID: pointers die with a tab or an undo, GUIDs stay.
-- @noindex

local projects = {}

-- What a request takes for an output_folder, in UTF-8.
local MOST_CHARACTERS = 500

-- The project of the active tab.
function projects.current()
  return (reaper.EnumProjects(-1))
end

local function each()
  local index = -1
  return function()
    index = index + 1
    return reaper.EnumProjects(index)
  end
end

-- The path of a project's file, "" while it is not saved or where the project is not open any more.
function projects.path(project)
  for open, path in each() do
    if open == project then
      return path or ""
    end
  end
  return ""
end

-- Whether this pointer is a project that is open now.
function projects.is_open(project)
  for open in each() do
    if open == project then
      return true
    end
  end
  return false
end

-- The items of a project by GUID.
function projects.items(project)
  local found = {}
  for index = 0, reaper.CountMediaItems(project) - 1 do
    local item = reaper.GetMediaItem(project, index)
    found[projects.guid(item)] = item
  end
  return found
end

-- An item's GUID, as text with braces.
function projects.guid(item)
  local _, guid = reaper.GetSetMediaItemInfo_String(item, "GUID", "", false)
  return guid
end

function projects.take_guid(take)
  local _, guid = reaper.GetSetMediaItemTakeInfo_String(take, "GUID", "", false)
  return guid
end

-- The open project that holds one of these items (a list of GUIDs), rather the one of this file; or nil.
function projects.holding(guids, path)
  local other
  for project, file in each() do
    local items = projects.items(project)
    for _, guid in ipairs(guids) do
      if items[guid] then
        if (file or "") == path then
          return project
        end
        other = other or project
        break
      end
    end
  end
  return other
end

-- The folder for a project's new media, made where it is missing, and whether it is out of the service's reach: on
-- another machine, or not to be named by a request. Then it is not made. For an unsaved project REAPER names a folder
-- of its own.
function projects.media_folder(project)
  local folder = reaper.GetProjectPathEx(project)
  local is_remote = folder:sub(1, 2) == "\\\\" or folder:sub(1, 2) == "//"
  local is_apart = is_remote or (utf8.len(folder) or math.huge) > MOST_CHARACTERS
  if not is_apart then
    reaper.RecursiveCreateDirectory(folder, 0)
  end
  return folder, is_apart
end

local function mark(read, thing, name)
  local found, text = read(thing, "P_EXT:retone_" .. name, "", false)
  return found and text ~= "" and text or nil
end

-- A mark that Retone left on an item, or nil.
function projects.mark(item, name)
  return mark(reaper.GetSetMediaItemInfo_String, item, name)
end

-- A mark that Retone left on a track, or nil.
function projects.track_mark(track, name)
  return mark(reaper.GetSetMediaTrackInfo_String, track, name)
end

return projects
