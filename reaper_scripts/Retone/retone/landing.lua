-- The end of a batch's way: its files laid into the project, in one undo step, with nothing else changed.
-- @noindex

local items = require("retone.items")
local projects = require("retone.projects")
local words = require("retone.words")

local landing = {}

local NAME_LENGTH = 60

local function list(files)
  return table.concat(files, ", ")
end

-- The first of these files that is not there any more, or nil.
local function missing(files)
  for _, path in ipairs(files) do
    if not reaper.file_exists(path) then
      return path
    end
  end
end

-- Runs `work` as one undo step of the project; undo and drawing are given free on every way out.
-- Returns true, or false and what went wrong.
function landing.as_one_step(project, title, work)
  reaper.Undo_BeginBlock2(project)
  reaper.PreventUIRefresh(1)
  local worked, why = xpcall(work, function(fault)
    return type(fault) == "table" and fault.sentence or debug.traceback(tostring(fault))
  end)
  reaper.PreventUIRefresh(-1)
  reaper.Undo_EndBlock2(project, title, -1)
  reaper.TrackList_AdjustWindows(false)
  reaper.UpdateArrange()
  return worked, why
end

-- Those jobs of a batch whose results can land, each with its source item; sentences for the others.
-- `project` is nil where the batch's project is not open any more.
function landing.sort(batch, project)
  local ready, sentences = {}, {}
  local all = project and projects.items(project) or {}
  for _, job in ipairs(batch.jobs) do
    if job.state == "done" and not items.holds(all, job.id) then
      local gone = missing(job.files)
      if not all[job.item] then
        local what = project and "the item is gone" or "its project is not open any more"
        sentences[#sentences + 1] = string.format("%s: %s; the result is %s", job.name, what, list(job.files))
      elseif gone then
        -- REAPER would make an item of it that is offline.
        sentences[#sentences + 1] = string.format("%s: its result was moved or deleted: %s", job.name, gone)
      else
        ready[#ready + 1] = { job = job, source = all[job.item] }
      end
    end
  end
  return ready, sentences, all
end

-- Lays what a batch made into `project`, each job by `place(project, batch, job, source item, items by GUID)`, which
-- may give a sentence. Says what did not land and why, as a list of sentences.
function landing.land(batch, project, place)
  local ready, sentences, all = landing.sort(batch, project)
  if #ready == 0 then
    return sentences
  end
  local title = string.format("Retone: %s (%s)", words.line(batch.title, NAME_LENGTH), words.count(#ready, "item"))
  landing.as_one_step(project, title, function()
    for _, one in ipairs(ready) do
      -- One that cannot land keeps none of the others from landing.
      local worked, said = pcall(place, project, batch, one.job, one.source, all)
      if not worked then
        said = type(said) == "table" and said.sentence or tostring(said)
        said = string.format("could not be laid into the project: %s; the result is %s", said, list(one.job.files))
      end
      if said then
        sentences[#sentences + 1] = one.job.name .. ": " .. said
      end
    end
  end)
  return sentences
end

return landing
