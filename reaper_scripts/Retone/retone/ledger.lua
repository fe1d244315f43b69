-- The jobs that are on their way. They live in REAPER, not in one script's memory: a script that is ended, or REAPER
-- closed, leaves them here, and the next Retone loop goes on with them.
--
-- A batch is what one action began; its jobs are one an item. Who looks after a batch is its owner, the CLIENT of a
-- script's run. `state` of a job: "read" (its audio is still to be read), "asked" (the service has it), "done" (its
-- files are known) or "failed" (its sentence says why).
-- @noindex

local store = require("retone.store")

local ledger = {}

local INDEX, CANCELS = "batches", "cancels"

local function index()
  return store.get(INDEX) or {}
end

local function without_jobs(batch)
  local head, ids = {}, {}
  for name, value in pairs(batch) do
    if name ~= "jobs" then
      head[name] = value
    end
  end
  for place, job in ipairs(batch.jobs) do
    ids[place] = job.id
  end
  head.job_ids = ids
  return head
end

-- Takes a new batch in: all its jobs first, so that what the index names is there.
function ledger.add(batch)
  for _, job in ipairs(batch.jobs) do
    ledger.save(job)
  end
  store.put("batch." .. batch.id, without_jobs(batch), true)
  local ids = index()
  ids[#ids + 1] = batch.id
  store.put(INDEX, ids, true)
end

-- Keeps a job's state.
function ledger.save(job)
  store.put("job." .. job.id, job, true)
end

local function with_jobs(head, read)
  if head == nil then
    return nil
  end
  local batch = { jobs = {} }
  for name, value in pairs(head) do
    batch[name] = value
  end
  batch.job_ids = nil
  for _, id in ipairs(head.job_ids) do
    batch.jobs[#batch.jobs + 1] = read("job." .. id)
  end
  return batch
end

-- The batch of this id with its jobs, to work on; or nil.
function ledger.batch(id)
  return with_jobs(store.get("batch." .. id), store.get)
end

-- All batches with their jobs, oldest first, only to be looked at.
function ledger.batches()
  local found = {}
  for _, id in ipairs(store.look(INDEX) or {}) do
    found[#found + 1] = with_jobs(store.look("batch." .. id), store.look)
  end
  return found
end

-- The ids of all batches and their owners, oldest first, as a list of {id, owner}.
function ledger.owners()
  local found = {}
  for _, id in ipairs(store.look(INDEX) or {}) do
    local head = store.look("batch." .. id)
    found[#found + 1] = head and { id = id, owner = head.owner }
  end
  return found
end

-- Forgets a batch and its jobs: the index first, so that no half of it is taken for a batch.
function ledger.remove(batch)
  local left = {}
  for _, id in ipairs(index()) do
    if id ~= batch.id then
      left[#left + 1] = id
    end
  end
  store.put(INDEX, left, true)
  store.drop("batch." .. batch.id)
  for _, job in ipairs(batch.jobs) do
    store.drop("job." .. job.id)
    store.drop("progress." .. job.id)
  end
end

-- Whether `client` still looks after this batch: it is there, and nobody else has taken it over.
function ledger.owns(client, batch)
  local kept = store.look("batch." .. batch.id)
  return kept ~= nil and kept.owner == client
end

-- Makes `client` the one who looks after a batch.
function ledger.claim(client, batch)
  batch.owner = client
  store.put("batch." .. batch.id, without_jobs(batch), true)
end

-- Says that the run `client` is alive, by a number that changes as long as it is.
function ledger.mark(client, number)
  store.put("alive." .. client, number)
end

-- The last number of `mark`, or nil: it ended, or REAPER was started anew.
function ledger.marked(client)
  return store.get("alive." .. client)
end

function ledger.unmark(client)
  store.drop("alive." .. client)
end

-- Asks every loop to cancel what was begun until now.
function ledger.cancel()
  store.put(CANCELS, ledger.cancels() + 1, true)
end

-- How often was cancelled; a batch that began at less is to be cancelled.
function ledger.cancels()
  return store.get(CANCELS) or 0
end

-- How far a job is, for whoever draws it: {fraction, stage, seconds_left, position}; for this session only.
function ledger.progress(job, progress)
  store.put("progress." .. job.id, progress)
end

function ledger.progress_of(job)
  return store.look("progress." .. job.id) or {}
end

return ledger
