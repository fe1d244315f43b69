-- What the user selected: the items, and what of each is to be rendered.
-- @noindex

local projects = require("retone.projects")
local take_audio = require("retone.take_audio")
local words = require("retone.words")

local selection = {}

-- A name for an item in sentences: its take's, or its place.
function selection.name(item, take)
  local name = take and reaper.GetTakeName(take) or ""
  if name ~= "" then
    return name
  end
  return "the item at " .. words.time(reaper.GetMediaItemInfo_Value(item, "D_POSITION"))
end

-- One item as the source of a job: its range, or the sentence that says why it has none.
function selection.source(project, item)
  local take = reaper.GetActiveTake(item)
  local from, to = reaper.GetSet_LoopTimeRange2(project, false, false, 0, 0, false)
  local source = { item = item, take = take, guid = projects.guid(item), name = selection.name(item, take) }
  source.range, source.sentence = take_audio.range(item, take, from, to)
  return source
end

-- The selected items of a project as sources, in REAPER's order; an empty list where none is selected.
function selection.sources(project)
  local found = {}
  for index = 0, reaper.CountSelectedMediaItems(project) - 1 do
    found[index + 1] = selection.source(project, reaper.GetSelectedMediaItem(project, index))
  end
  return found
end

-- Those of the sources that have something to render, and the sentences of the others.
function selection.usable(sources)
  local usable, sentences = {}, {}
  for _, source in ipairs(sources) do
    if source.range then
      usable[#usable + 1] = source
    else
      sentences[#sentences + 1] = words.about(source.name, source.sentence)
    end
  end
  return usable, sentences
end

-- What will be rendered, in a few words: "3 items, 12.4 s, time selection".
function selection.summary(usable)
  local seconds, clipped = 0, false
  for _, source in ipairs(usable) do
    seconds = seconds + source.range.length_s
    clipped = clipped or source.range.clipped
  end
  local text = string.format("%s, %.1f s", words.count(#usable, "item"), seconds)
  return clipped and text .. ", time selection" or text
end

-- The selected items, to be put back by `restore`.
function selection.remember(project)
  local items = {}
  for index = 0, reaper.CountSelectedMediaItems(project) - 1 do
    items[index + 1] = reaper.GetSelectedMediaItem(project, index)
  end
  return items
end

-- Selects these items and no others; those that are gone meanwhile are left out.
function selection.restore(project, items)
  reaper.SelectAllMediaItems(project, false)
  for _, item in ipairs(items) do
    if reaper.ValidatePtr2(project, item, "MediaItem*") then
      reaper.SetMediaItemSelected(item, true)
    end
  end
end

return selection
