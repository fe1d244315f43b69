-- One job as a script sees it: what is known of it, and what is to be said of it next, when.
--
-- Nothing gets lost in a spool, so a job is asked for once; again only when the service was too busy to keep it or does
-- not know it. When nothing was heard of it for a while, its state is asked.
-- @noindex

local job = {}

local QUIET_SECONDS = 5 -- a service that works says something every two seconds
local AGAIN_SECONDS = 1 -- between two questions for what a done lacked
-- So often is a job asked for that the service does not know, and so often what may never come.
local TRIES = 5

local Job = {}
Job.__index = Job

-- A job that was asked for by the message `request`, {address, id, arguments...}, which is nil when another run did.
function job.new(id, request, now)
  local new = {
    id = id,
    request = request,
    results = {}, -- paths by index
    directions = {}, -- events by number
    is_acked = false,
    is_cancelled = false,
    is_ended = false,
    asked_again = 0,
    searched = 0, -- how often its directions were missed
    said_at = -math.huge,
  }
  return setmetatable(new, Job):wait(now)
end

-- Asks for the state when nothing is heard from now on. A cancel is said again instead, it is answered likewise.
function Job:wait(now)
  self.next = { self.is_cancelled and "/retone/cancel" or "/retone/job", self.id }
  self.next_at = now + QUIET_SECONDS
  return self
end

-- The message that is due, or nil; the next one is due later.
function Job:due(now)
  if not self.is_ended and now >= self.next_at then
    local message = self.next
    self.said_at = now
    self:wait(now)
    return message
  end
end

-- Takes note that the user wants the end.
function Job:cancel(now)
  self.is_cancelled = true
  self:wait(now)
end

function Job:ask_again(at)
  self.next, self.next_at = self.request, at
end

-- The end that a job has which the service never kept.
function Job:cancelled()
  self.is_ended = true
  return { job = self.id, kind = "fail", code = "cancelled", message = "The job was cancelled." }
end

-- Takes in an event of replies.lua; gives the one to tell the user, or nil when it says nothing new.
function Job:hear(event, now)
  if self.is_ended then
    return nil
  end
  self:wait(now)
  local take = self["hear_" .. event.kind]
  if take then
    return take(self, event, now)
  end
  return event
end

function Job:hear_ack(event)
  local is_new = not self.is_acked
  self.is_acked = true
  return is_new and event or nil
end

function Job:hear_busy(event, now)
  if self.is_cancelled then
    return self:cancelled()
  elseif self.request then
    self:ask_again(now + event.retry_ms / 1000)
  end
end

function Job:hear_direction(event)
  local is_new = not self.directions[event.direction]
  self.directions[event.direction] = event
  return is_new and event or nil
end

function Job:hear_result(event)
  local is_new = not self.results[event.index]
  self.results[event.index] = event.path
  return is_new and event or nil
end

function Job:hear_done(event, now)
  if self:lacks(event) then
    -- What is told then ends with another done. The service repeats this one meanwhile, which is no reason to hurry.
    self.next_at = math.max(now, self.said_at + AGAIN_SECONDS)
    return nil
  end
  self.is_ended = true
  event.results, event.directions = self.results, self.directions
  return event
end

-- Whether more belongs to the job that is done than was heard of it.
function Job:lacks(done)
  for index = 1, done.count do
    if not self.results[index] then
      return true
    end
  end
  -- Directions have two files each; but where one file was asked for, nothing is said of its direction.
  local are_directions = next(self.directions) or (self.request and self.request[1] == "/retone/directions")
  for number = 1, are_directions and done.count // 2 or 0 do
    if not self.directions[number] and self.searched < TRIES then
      self.searched = self.searched + 1
      return true
    end
  end
  return false
end

function Job:hear_fail(event, now)
  if event.code == "unknown_job" and self.is_cancelled then
    return self:cancelled()
  elseif event.code == "unknown_job" and self.request and self.asked_again < TRIES then
    self.asked_again = self.asked_again + 1
    self:ask_again(now)
    return nil
  end
  self.is_ended = true
  return event
end

return job
