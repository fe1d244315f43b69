-- One batch under way in this script: its audio is read, asked for, and what is heard of it kept in the ledger.
-- @noindex

local batch = require("retone.batch")
local files = require("retone.files")
local ledger = require("retone.ledger")
local projects = require("retone.projects")
local report = require("retone.report")
local spool = require("retone.spool")
local take_audio = require("retone.take_audio")
local words = require("retone.words")

local run = {}

-- How long a service may take to answer a cancel.
local CANCEL_SECONDS = 5

local Run = {}
Run.__index = Run

-- Removes the audio that was read for a job that has ended; the service sweeps the folder.
local function tidy(job)
  if job.clip then
    files.remove(job.clip)
    files.remove((job.clip:match("^(.*)[/\\]")))
  end
end

-- A batch of this script's own, with its project; a batch that was taken over knows its project only by its items.
function run.new(of, project)
  return setmetatable({ batch = of, project = project, reader = nil, cancelled_at = nil }, Run)
end

-- The batch's project, where it is open; or nil.
function Run:place()
  if self.project == nil then
    local guids = {}
    for index, job in ipairs(self.batch.jobs) do
      guids[index] = job.item
    end
    self.project = projects.holding(guids, self.batch.project_path)
  end
  return self.project and projects.is_open(self.project) and self.project or nil
end

-- Goes on with what another script asked for.
function Run:follow(client)
  for _, job in ipairs(self.batch.jobs) do
    if job.state == "asked" then
      client:follow(job.id)
    end
  end
end

-- Ends a job with the sentence that says why.
local function fail(job, sentence)
  job.state, job.sentence = "failed", words.about(job.name, sentence)
  ledger.save(job)
  tidy(job)
end

-- Opens the reader of a job; false where the job failed instead.
function Run:open_reader(job)
  local project = self:place()
  local item = project and projects.items(project)[job.item]
  local take = item and reaper.GetMediaItemTakeByGUID(project, job.take)
  if not take then
    fail(job, "the item was deleted, or its project closed, before its audio was read.")
    return false
  end
  local path, why = spool.clip(job.id, job.name)
  if path then
    self.reader, why = take_audio.reader(item, take, job.range, path)
  end
  if not self.reader then
    fail(job, why)
    return false
  end
  self.reading, job.clip = job, path
  return true
end

-- Reads a little of the next audio (some 15 ms); true where there was some to read.
function Run:read(client)
  local job = self.reading
  if not job then
    for _, each in ipairs(self.batch.jobs) do
      if each.state == "read" then
        job = each
        break
      end
    end
    if not job then
      return false
    elseif not self:open_reader(job) then
      return true
    end
  end
  local state, why = self.reader:step()
  if state == "reading" then
    ledger.progress(job, { fraction = self.reader.fraction, stage = "audio" })
    return true
  end
  self.reader, self.reading = nil, nil
  if not state then
    fail(job, why)
    return true
  end
  ledger.progress(job, { fraction = 0, stage = "asked" })
  self:ask(client, job)
  return true
end

-- Hands a job to the service; from then on it is the service's to remember.
function Run:ask(client, job)
  local asked, why = client:ask(job.id, batch.request(self.batch, job))
  if asked == nil and why then
    fail(job, why)
    return
  end
  job.state = "asked"
  ledger.save(job)
end

-- What the service said of one of the batch's jobs; false where the job is none of them.
function Run:hear(client, event)
  local job = batch.job_of(self.batch, event.job)
  if not job or job.state ~= "asked" then
    return job ~= nil
  end
  if event.kind == "queued" then
    ledger.progress(job, { fraction = 0, stage = "queued", position = event.position })
  elseif event.kind == "progress" then
    local shown = { fraction = event.fraction, stage = event.stage, seconds_left = event.seconds_left }
    ledger.progress(job, shown)
  elseif event.kind == "warning" then
    job.warnings[#job.warnings + 1] = event.message
    ledger.save(job)
  elseif event.kind == "done" then
    job.state, job.files = "done", event.results
    for number, one in pairs(event.directions) do
      job.directions[number] = { share = one.share, start = one.start, frames = one.frames }
    end
    ledger.progress(job, { fraction = 1, stage = "done" })
    ledger.save(job)
    tidy(job)
  elseif event.kind == "fail" then
    self:hear_fail(client, job, event)
  elseif event.kind == "silent" then
    ledger.progress(job, { fraction = 0, stage = "waits for the service" })
    report.say_once("silent." .. self.batch.id, event.message .. " What was asked for goes on then.")
  end
  return true
end

function Run:hear_fail(client, job, event)
  if event.code == "unknown_job" and not job.asked_again and reaper.file_exists(job.clip) then
    -- The script that asked was ended before the service had it; the id keeps it from being done twice.
    job.asked_again = true
    self:ask(client, job)
    return
  end
  job.cancelled = event.code == "cancelled"
  fail(job, event.message)
  client:received(job.id)
end

-- Cancels what has not ended.
function Run:cancel(client)
  self:abandon()
  for _, job in ipairs(self.batch.jobs) do
    if job.state == "read" then
      job.cancelled = true
      fail(job, "cancelled.")
    elseif job.state == "asked" then
      client:cancel(job.id)
    end
  end
  self.cancelled_at = reaper.time_precise()
end

-- Ends what a cancel has not ended in time: no service runs that could answer. What was sent waits for it.
function Run:give_up()
  if self.cancelled_at and reaper.time_precise() - self.cancelled_at > CANCEL_SECONDS then
    for _, job in ipairs(self.batch.jobs) do
      if job.state == "asked" then
        job.cancelled = true
        fail(job, "cancelled.")
      end
    end
  end
end

function Run:has_ended()
  return batch.has_ended(self.batch)
end

-- Stops reading and removes what was read of it; the job can be read again from its beginning.
function Run:abandon()
  if self.reader then
    self.reader:abandon()
    self.reader, self.reading = nil, nil
  end
end

return run
