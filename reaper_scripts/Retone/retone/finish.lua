-- The end of a batch: what succeeded lands, the ledger forgets it in the same tick, and what the user should know of is
-- said, a sentence for each failure.
-- @noindex

local directions = require("retone.directions")
local ledger = require("retone.ledger")
local report = require("retone.report")
local results = require("retone.results")

local finish = {}

local function land(batch, project)
  if batch.kind == "directions" then
    return directions.land(batch, project)
  end
  return results.land(batch, project)
end

-- What is to be said of the jobs, beside what did not land.
local function sentences_of(batch)
  local sentences, cancelled, done = {}, 0, 0
  for _, job in ipairs(batch.jobs) do
    if job.cancelled then
      cancelled = cancelled + 1
    elseif job.state == "failed" then
      sentences[#sentences + 1] = job.sentence
    else
      done = done + 1
      for _, warning in ipairs(job.warnings) do
        sentences[#sentences + 1] = job.name .. ": " .. warning
      end
      if job.take_effects then
        sentences[#sentences + 1] = job.name .. ": made without its take effects, which Retone does not hear."
      end
    end
  end
  if #sentences > 0 and #batch.jobs > 1 then
    sentences[#sentences + 1] = string.format("%d of %d items done.", done, #batch.jobs)
  end
  if cancelled > 0 and cancelled < #batch.jobs then
    -- A whole batch that goes away speaks for itself.
    sentences[#sentences + 1] = string.format("%d of %d items cancelled.", cancelled, #batch.jobs)
  end
  if done > 0 and batch.remote_folder then
    local text = "the results stay in the service's own folder, as the project's, %s, is on another machine."
    sentences[#sentences + 1] = text:format(batch.remote_folder)
  elseif done > 0 and batch.unsaved then
    report.say_once("unsaved." .. batch.folder, "the project is not saved yet, so its results are in " .. batch.folder)
  end
  return sentences
end

-- Ends the batch of a run.
function finish.batch(run, client)
  local batch = run.batch
  local worked, said = xpcall(land, debug.traceback, batch, run:place())
  ledger.remove(batch)
  if not worked then
    report.say("a fault of Retone's own: " .. tostring(said))
    said = {}
    for _, job in ipairs(batch.jobs) do
      if job.state == "done" then
        said[#said + 1] = job.name .. ": the result is " .. table.concat(job.files, ", ")
      end
    end
  end
  for _, sentence in ipairs(sentences_of(batch)) do
    report.say(sentence)
  end
  for _, sentence in ipairs(said) do
    report.say(sentence)
  end
  for _, job in ipairs(batch.jobs) do
    if job.state == "done" then
      client:received(job.id)
    end
  end
end

return finish
