-- Sentences for the user that need no answer: in the progress window while one is open, else a line of the console.
-- @noindex

local store = require("retone.store")

local report = {}

local KEPT = 12
-- A window that was not drawn for so long is gone.
local WINDOW_SECONDS = 2.0
local START_SECONDS = 60

-- Says a sentence.
function report.say(sentence)
  if not report.window_open() then
    reaper.ShowConsoleMsg("Retone: " .. sentence .. "\n")
    return
  end
  local said = report.said()
  said[#said + 1] = sentence
  while #said > KEPT do
    table.remove(said, 1)
  end
  store.put("said", said)
end

-- The last sentences, oldest first.
function report.said()
  return store.get("said") or {}
end

function report.clear()
  store.drop("said")
end

-- Says that a progress window is being drawn now.
function report.drawing()
  store.put("window", reaper.time_precise())
end

-- Says that the window is closed.
function report.closed()
  store.drop("window")
end

-- Whether some Retone script shows a progress window.
function report.window_open()
  local drawn = store.get("window")
  return drawn ~= nil and math.abs(reaper.time_precise() - drawn) < WINDOW_SECONDS
end

-- Notes since when the service is being started by a script, nil when it is not any more.
function report.starting(since)
  if since then
    store.put("starting", since)
  else
    store.drop("starting")
  end
end

-- Whether a script starts the service just now.
function report.is_starting()
  local since = store.get("starting")
  return since ~= nil and math.abs(reaper.time_precise() - since) < START_SECONDS
end

-- Says something once in a session of REAPER.
function report.say_once(name, sentence)
  if store.get("once." .. name) == nil then
    store.put("once." .. name, true)
    report.say(sentence)
  end
end

return report
