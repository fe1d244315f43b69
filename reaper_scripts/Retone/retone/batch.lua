-- A batch: what one action began, as plain data that the ledger keeps.
-- @noindex

local ledger = require("retone.ledger")
local names = require("retone.names")
local projects = require("retone.projects")
local words = require("retone.words")

local batch = {}

-- A new batch, in the ledger.
--
-- kind: "edit", "directions" or "steer"; title: what the undo step and the new track are named after; pairs: the
-- request's settings and, for a steer before them, its pushes, as a list of name, value, ...; options: {mute, effects,
-- lanes}; sources: selection's, those without a range fail with their sentence; take_names: of the results, by index,
-- where the title would not tell them apart.
function batch.begin(client, kind, title, project, sources, pairs_of, options, take_names)
  local path = projects.path(project)
  local folder, is_apart = projects.media_folder(project)
  local new = {
    id = names.id("b"),
    owner = client,
    kind = kind,
    title = title,
    project_path = path,
    folder = not is_apart and folder or nil,
    folder_apart = is_apart and folder or nil,
    unsaved = path == "",
    request = pairs_of,
    options = options,
    names = take_names,
    cancels = ledger.cancels(),
    jobs = {},
  }
  for place, source in ipairs(sources) do
    new.jobs[place] = batch.job(source)
  end
  ledger.add(new)
  return new
end

-- The job of one source, still to be read, or failed where there is nothing to read.
function batch.job(source)
  local job = { id = names.id("r"), item = source.guid, name = source.name, warnings = {}, directions = {} }
  if source.range then
    job.state = "read"
    job.take = projects.take_guid(source.take)
    -- Not where the user was asked and goes on without them.
    job.take_effects = not source.without_effects and reaper.TakeFX_GetCount(source.take) > 0
    job.range = source.range
  else
    job.state, job.sentence = "failed", words.about(source.name, source.sentence)
  end
  return job
end

-- The request of a job: its address, and the arguments behind its id.
function batch.request(of, job)
  local arguments = { "/retone/" .. of.kind, job.clip, table.unpack(of.request) }
  if of.folder then
    arguments[#arguments + 1] = "output_folder"
    arguments[#arguments + 1] = of.folder
  end
  return table.unpack(arguments)
end

function batch.has_ended(of)
  for _, job in ipairs(of.jobs) do
    if job.state == "read" or job.state == "asked" then
      return false
    end
  end
  return true
end

-- The job of an id, or nil.
function batch.job_of(of, id)
  for _, job in ipairs(of.jobs) do
    if job.id == id then
      return job
    end
  end
  return nil
end

return batch
