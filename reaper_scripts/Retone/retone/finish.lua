-- The end of a batch: what succeeded lands, the ledger forgets it in the same tick, and what the user should know of is
-- said, a sentence for each failure.
-- @noindex

local directions = require("retone.directions")
local ledger = require("retone.ledger")
local report = require("retone.report")
local results = require("retone.results")
local words = require("retone.words")

local finish = {}

local function land(batch, project)
  if batch.kind == "directions" then
    return directions.land(batch, project)
  end
  return results.land(batch, project)
end

-- The warnings of the jobs, each once with the item or the number of items that it is about.
local function warnings_of(batch)
  local messages, about = {}, {}
  for _, job in ipairs(batch.jobs) do
    local heard = job.state == "done" and { table.unpack(job.warnings) } or {}
    if job.state == "done" and job.take_effects then
      heard[#heard + 1] = "made without its take effects, which Retone does not hear."
    end
    for _, message in ipairs(heard) do
      if not about[message] then
        about[message] = {}
        messages[#messages + 1] = message
      end
      table.insert(about[message], job.name)
    end
  end
  local sentences = {}
  for index, message in ipairs(messages) do
    local names = about[message]
    sentences[index] = (#names == 1 and names[1] or words.count(#names, "item")) .. ": " .. message
  end
  return sentences
end

-- What is to be said of the jobs, beside what did not land: why which failed, and how many did not.
local function sentences_of(batch)
  local sentences, cancelled, failed = warnings_of(batch), 0, 0
  for _, job in ipairs(batch.jobs) do
    if job.cancelled then
      cancelled = cancelled + 1
    elseif job.state == "failed" then
      failed = failed + 1
      sentences[#sentences + 1] = job.sentence
    end
  end
  local count = #batch.jobs
  if failed > 0 and count > 1 then
    sentences[#sentences + 1] = string.format("%d of %d items done.", count - failed - cancelled, count)
  end
  if cancelled > 0 and cancelled < count then
    -- A whole batch that goes away speaks for itself.
    sentences[#sentences + 1] = string.format("%d of %d items cancelled.", cancelled, count)
  end
  return sentences
end

-- Says where the results of a batch are, where that is not the project's own folder.
local function say_where(batch)
  if batch.folder_apart then
    local text = "the results stay in the service's own folder, as the project's is on another machine, or its path too"
      .. " long or odd to be named: %s"
    report.say_once("apart." .. batch.id, text:format(batch.folder_apart))
  elseif batch.unsaved then
    report.say_once("unsaved." .. batch.folder, "the project is not saved yet, so its results are in " .. batch.folder)
  end
end

-- Forgets a batch that cannot be gone on with, and says where the files are that it has already.
function finish.drop(batch)
  ledger.remove(batch)
  for _, job in ipairs(batch.jobs) do
    if job.state == "done" then
      report.say(job.name .. ": the result is " .. table.concat(job.files, ", "))
    end
  end
end

-- Ends the batch of a run.
function finish.batch(run, client)
  local batch = run.batch
  local worked, said = xpcall(land, debug.traceback, batch, run:place())
  if not worked then
    report.say("a fault of Retone's own: " .. tostring(said))
    finish.drop(batch)
    return
  end
  ledger.remove(batch)
  for _, sentence in ipairs(sentences_of(batch)) do
    report.say(sentence)
  end
  for _, sentence in ipairs(said) do
    report.say(sentence)
  end
  local some_done = false
  for _, job in ipairs(batch.jobs) do
    if job.state == "done" then
      some_done = true
      client:received(job.id)
    end
  end
  if some_done then
    say_where(batch)
  end
end

return finish
