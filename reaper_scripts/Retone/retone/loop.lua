-- What runs in a script from its start to its last job's landing: one tick after the other, by reaper.defer.
--
-- A loop looks after its own batches, and after those whose owner is gone: a script that was ended, or REAPER closed.
-- @noindex

local client = require("retone.client")
local dialog = require("retone.dialog")
local finish = require("retone.finish")
local ledger = require("retone.ledger")
local orphans = require("retone.orphans")
local peaks = require("retone.peaks")
local progress = require("retone.progress")
local report = require("retone.report")
local run = require("retone.run")
local spool = require("retone.spool")

local loop = {}

local LOOK_SECONDS = 0.5
-- set_action_options: end this run when its action is started again, and start it anew.
local END_WHEN_STARTED_AGAIN, AND_START_ANEW = 1, 2

local Loop = {}
Loop.__index = Loop

-- Begins a loop: `first(loop)` is called at once, then a tick after the other until nothing is left to do.
function loop.start(first)
  if reaper.set_action_options then
    -- No question of REAPER's; the new run takes over what this one leaves in the ledger.
    reaper.set_action_options(END_WHEN_STARTED_AGAIN | AND_START_ANEW)
  end
  local box, why = spool.open()
  if not box then
    reaper.defer(function() end) -- Else REAPER would make an undo step of its own.
    dialog.tell(why)
    return
  end
  local self = setmetatable({
    name = box.client,
    client = client.new(box),
    runs = {},
    waits = {},
    orphans = orphans.new(box.client),
    look_at = 0,
    marks = 0,
  }, Loop)
  reaper.atexit(function()
    self:leave()
  end)
  ledger.mark(self.name, 0)
  self:guarded(first)
end

-- Calls `work(loop)`, then the next tick, of which there is at least one: REAPER makes an undo step of its own after a
-- script that defers nothing. What goes wrong is said, and with it goes the batch that was being worked on, so that the
-- next script does not stumble over it too; the others go on.
function Loop:guarded(work)
  local worked, why = xpcall(work, debug.traceback, self)
  if not worked then
    report.say("a fault of Retone's own: " .. tostring(why))
    self:give_up_at_hand()
  end
  if self:is_busy() or work ~= self.tick then
    reaper.defer(function()
      self:guarded(self.tick)
    end)
  end
end

-- Gives up the batch that was being worked on when something went wrong; without one, all are left to the next script.
function Loop:give_up_at_hand()
  local given_up, left = self.at_hand, {}
  for _, each in ipairs(self.runs) do
    if each ~= given_up then
      left[#left + 1] = each
    end
  end
  self.at_hand = nil
  if given_up then
    self.runs = left
    given_up:abandon()
    finish.drop(given_up.batch)
  else
    self.runs, self.waits = {}, {}
  end
end

function Loop:is_busy()
  return #self.runs > 0 or #self.waits > 0 or self.window or self.has_peaks
end

-- Whether this loop has looked for batches to take over.
function Loop:has_looked()
  return self.marks > 0
end

-- Calls `step(loop)` every tick until it gives true.
function Loop:wait(step)
  self.waits[#self.waits + 1] = step
end

-- Asks the service what is no job, see client.question; the loop lives until the answer is there.
function Loop:ask(address, arguments, reply_address, callback)
  local answered = false
  self.client:question(address, arguments, reply_address, function(found, why)
    answered = true
    callback(found, why)
  end)
  self:wait(function()
    return answered
  end)
end

-- Looks after a new batch of `project`.
function Loop:take(batch, project)
  self.runs[#self.runs + 1] = run.new(batch, project)
end

-- Opens the progress window, where no script shows one.
function Loop:show_window(stays)
  self.window = self.window or (not report.window_open() and progress.open(stays)) or nil
end

function Loop:tick()
  self:hear()
  if reaper.time_precise() >= self.look_at then
    self.look_at = reaper.time_precise() + LOOK_SECONDS
    self:look()
  end
  self:read()
  self:land()
  self.has_peaks = peaks.go_on()
  local waits = self.waits
  self.waits = {}
  for _, step in ipairs(waits) do
    if not step(self) then
      self.waits[#self.waits + 1] = step
    end
  end
  if self.window and not self.window:draw(#self.runs > 0) then
    self.window = nil
  end
end

function Loop:hear()
  for _, event in ipairs(self.client:tick()) do
    for _, each in ipairs(self.runs) do
      self.at_hand = each
      -- While a dialog of this script stood open another one may have taken the batch over, and ended it.
      if ledger.owns(self.name, each.batch) and each:hear(self.client, event) then
        break
      end
    end
  end
  self.at_hand = nil
end

-- What need not be done every tick: saying that this loop lives, taking over, cancelling.
function Loop:look()
  self.marks = self.marks + 1
  ledger.mark(self.name, self.marks)
  for _, batch in ipairs(self.orphans:find()) do
    ledger.claim(self.name, batch)
    local taken = run.new(batch)
    taken:follow(self.client)
    self.runs[#self.runs + 1] = taken
  end
  local kept = {}
  for _, each in ipairs(self.runs) do
    if ledger.owns(self.name, each.batch) then
      kept[#kept + 1] = each
    else
      each:abandon()
    end
  end
  self.runs = kept
  for _, each in ipairs(self.runs) do
    if each.batch.cancels < ledger.cancels() then
      each.batch.cancels = ledger.cancels()
      ledger.claim(self.name, each.batch)
      each:cancel(self.client)
    end
    each:give_up()
  end
end

-- Reads audio for one batch at a time.
function Loop:read()
  for _, each in ipairs(self.runs) do
    self.at_hand = each
    if each:read(self.client) then
      break
    end
  end
  self.at_hand = nil
end

-- Lands what has ended, where it is still this loop's.
function Loop:land()
  local left = {}
  for _, each in ipairs(self.runs) do
    if not each:has_ended() then
      left[#left + 1] = each
    elseif ledger.owns(self.name, each.batch) then
      finish.batch(each, self.client)
      self.has_peaks = true
    end
  end
  self.runs = left
end

-- The way out, also when REAPER or the user ends the script: jobs stay in the ledger for the next loop.
function Loop:leave()
  for _, each in ipairs(self.runs) do
    each:abandon()
  end
  if self.window then
    self.window:close()
  end
  ledger.unmark(self.name)
end

return loop
