-- What one run of a script has asked the service for: its jobs and its questions, and what the service says of them.
-- @noindex

local job = require("retone.job")
local questions = require("retone.questions")
local replies = require("retone.replies")
local service = require("retone.service")

local client = {}

local LOOK_SECONDS = 0.5 -- between two looks at the heartbeat
local KNOWN_SECONDS = 5 -- within which the service has learnt that an end is known

local Client = {}
Client.__index = Client

-- A client that speaks through `box` (see spool.open).
function client.new(box)
  return setmetatable({
    box = box,
    questions = questions.new(box),
    jobs = {}, -- in the order in which they were asked for, those whose end is not confirmed
    known = {}, -- by id, when the service was told last that a job's end is known
    look_at = 0,
    misses = 0, -- looks in a row that found no fresh heartbeat
  }, Client)
end

function Client:find(id)
  for place, one in ipairs(self.jobs) do
    if one.id == id then
      return one, place
    end
  end
end

function Client:begin(id, request, address, ...)
  local sent, why = self.box:send(address, id, ...)
  if not sent then
    return nil, why
  end
  local _, place = self:find(id)
  self.jobs[place or #self.jobs + 1] = job.new(id, request, reaper.time_precise())
  return true
end

-- Asks for a job: sends `address` with the id as its first argument, then the others. True, or nil and what to do.
function Client:ask(id, address, ...)
  return self:begin(id, { address, id, ... }, address, ...)
end

-- Goes on with a job that was asked for earlier, perhaps by another run. True, or nil and what to do.
function Client:follow(id)
  return self:begin(id, nil, "/retone/job")
end

-- Asks for a job's end: its fail with the code cancelled follows, or the end that it had come to. True, or nil and why.
function Client:cancel(id)
  local one = self:find(id)
  if one then
    one:cancel(reaper.time_precise())
  end
  return self.box:send("/retone/cancel", id)
end

-- Says that the end of a job is known and landed, so that it is not told again. True, or nil and why.
function Client:received(id)
  local one, place = self:find(id)
  if one then
    table.remove(self.jobs, place)
  end
  self.known[id] = reaper.time_precise()
  return self.box:send("/retone/received", id)
end

-- Asks what is no job (see questions.lua): a tick calls `callback(arguments)` or `callback(nil, sentence)`, once.
function Client:question(address, arguments, reply_address, callback)
  self.questions:ask(address, arguments, reply_address, callback)
end

-- Takes in what came and says what is due. Gives the events in order, each with `job`, its id, and `kind`: those of
-- replies.lua ("ack", "queued", "progress", "warning", "direction", "result", "done", "fail"); "silent" when no service
-- runs, with a `message` that says what to do, and "back" when it runs again. An end, "done" or "fail", comes
-- once, a "done" with all of the job's `results` (paths by index) and `directions` (events by number).
function Client:tick()
  local events = {}
  local now = reaper.time_precise()
  for _, message in ipairs(self.box:receive()) do
    if not self.questions:hear(message) then
      self:hear(message, now, events)
    end
  end
  if now >= self.look_at then
    self.look_at = now + LOOK_SECONDS
    self:look(events)
  end
  for _, one in ipairs(self.misses == 0 and self.jobs or {}) do
    local message = one:due(now)
    if message then
      self.box:send(table.unpack(message)) -- A full disk is no end: it is said again later.
    end
  end
  self.questions:tick(now)
  return events
end

local function tell(events, one, kind, message)
  one.is_silent = kind == "silent"
  events[#events + 1] = { job = one.id, kind = kind, message = message }
end

-- Adds what `message` says of a job to `events`.
function Client:hear(message, now, events)
  local event = replies.read(message)
  local one = event and self:find(event.job)
  if one then
    if one.is_silent then
      tell(events, one, "back")
    end
    events[#events + 1] = one:hear(event, now)
    return
  end
  local known_at = event and self.known[event.job]
  if known_at and now > known_at + KNOWN_SECONDS and (event.kind == "done" or event.kind == "fail") then
    self:received(event.job) -- The end is told again: the service died before it knew.
  end
end

-- Looks whether the service runs. One look may miss the heartbeat just as it is replaced, two do not.
function Client:look(events)
  self.misses = (#self.jobs == 0 or service.heartbeat()) and 0 or self.misses + 1
  for _, one in ipairs(self.jobs) do
    if self.misses > 1 and not one.is_silent and not one.is_ended then
      tell(events, one, "silent", (select(2, service.state())))
    elseif self.misses == 0 and one.is_silent then
      tell(events, one, "back")
    end
  end
end

return client
