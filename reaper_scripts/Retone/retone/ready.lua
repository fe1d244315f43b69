-- A service that can be asked: it runs, or is started, or the user hears what to do.
-- @noindex

local dialog = require("retone.dialog")
local report = require("retone.report")
local service = require("retone.service")

local ready = {}

local START_SECONDS = 60
local LATE = "The service did not start within a minute. Run `retone serve` in a terminal: it says why."

-- Starts the service and waits for it; then `go()`, or `failed(sentence)`.
function ready.start(loop, go, failed)
  local started, why = service.start()
  if not started then
    failed(why)
    return
  end
  local began = reaper.time_precise()
  report.starting(began)
  loop:show_window()
  loop:wait(function()
    if service.state() == "running" then
      report.starting(nil)
      go()
      return true
    elseif reaper.time_precise() - began > START_SECONDS then
      report.starting(nil)
      failed(LATE)
      return true
    end
    return false
  end)
end

-- Calls `go()` when a service runs; where none does, the user may have it started.
function ready.ask(loop, go)
  local state, sentence = service.state()
  if state == "running" then
    go()
  elseif state ~= "absent" then
    dialog.tell(sentence)
  elseif dialog.yes("Retone's service does not run. Start it now?") then
    ready.start(loop, go, dialog.tell)
  end
end

-- Calls `go()` when a service runs, else says what to do; asks nothing.
function ready.quietly(go)
  local state, sentence = service.state()
  if state == "running" then
    go()
  else
    report.say(sentence)
  end
end

return ready
