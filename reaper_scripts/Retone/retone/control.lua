-- The actions that make nothing: cancel, start the service, show what is under way.
-- @noindex

local dialog = require("retone.dialog")
local ledger = require("retone.ledger")
local ready = require("retone.ready")
local report = require("retone.report")
local service = require("retone.service")

local control = {}

-- Cancels all that is under way; this loop takes over what nobody looks after, and sees the cancel too.
function control.cancel(loop)
  local batches = ledger.batches()
  if #batches == 0 then
    report.say("nothing is under way.")
    return
  end
  ledger.cancel()
  loop:wait(function()
    return loop:has_looked()
  end)
end

-- Starts the service, unless it runs.
function control.start_service(loop)
  local state, sentence = service.state()
  if state == "running" then
    dialog.tell(sentence or "Retone's service runs.")
  elseif state ~= "absent" then
    dialog.tell(sentence)
  else
    ready.start(loop, function() end, dialog.tell)
  end
end

-- Shows the progress window, unless a script shows it already.
function control.show(loop)
  if report.window_open() then
    return
  end
  loop:show_window(true)
end

return control
