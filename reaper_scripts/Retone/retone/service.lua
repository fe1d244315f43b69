-- Whether the service runs and understands these scripts, and how it is started.
-- @noindex

local spool = require("retone.spool")
local version = require("retone.version")

local service = {}

-- The service renews its heartbeat every second.
local STALE_SECONDS = 5

local ABSENT = "Retone's service does not run. Run the action 'Retone - start the service', or `retone serve` in a"
  .. " terminal."
local NOT_INSTALLED = "These scripts do not know where Retone is installed. Run `retone install reaper` in a terminal"
  .. " once, or start the service there with `retone serve`."
local GONE = "Retone is no longer where it was installed: there is no %s. Run `retone install reaper` again."

-- The heartbeat while it is fresh, else nil. A clock that was set back makes none fresh.
function service.heartbeat()
  local heartbeat = spool.heartbeat()
  return heartbeat and math.abs(heartbeat.age_s) <= STALE_SECONDS and heartbeat or nil
end

-- "running", and why it can do no job now, if so; or "absent", "scripts_old" or "service_old", and what to do.
function service.state()
  local heartbeat = service.heartbeat()
  if not heartbeat then
    return "absent", ABSENT
  elseif heartbeat.protocol > version.protocol then
    return "scripts_old", ("These scripts (%s) are older than Retone's service (%s) and do not understand it. "
      .. "Run `retone install reaper` in a terminal, or update them in ReaPack."):format(
      version.version, heartbeat.version)
  elseif heartbeat.protocol < version.protocol then
    return "service_old", ("Retone's service (%s) is older than these scripts (%s) and does not understand them. "
      .. "Update Retone, end the service with `retone send /retone/quit` and start it again."):format(
      heartbeat.version, version.version)
  end
  return "running", heartbeat.trouble ~= "" and heartbeat.trouble or nil
end

-- One word for a POSIX shell, whatever it holds.
local function shell_word(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

-- One word of a Windows command line, as CommandLineToArgvW takes it apart: backslashes count before a quote only.
local function windows_word(word)
  return '"' .. word:gsub('(\\*)"', '%1%1\\"'):gsub("(\\+)$", "%1%1") .. '"'
end

local function joined(command, quoted)
  local words = {}
  for place, word in ipairs(command) do
    words[place] = quoted(word)
  end
  return table.concat(words, " ")
end

-- The words that start the service, as `retone install reaper` left them beside the actions; or nil and what to do.
local function installed()
  local path = package.searchpath("installed", package.path)
  local chunk = path and loadfile(path, "t", {})
  local found, left = pcall(chunk or error)
  local command = found and type(left) == "table" and left.command
  if type(command) ~= "table" or type(command[1]) ~= "string" then
    return nil, NOT_INSTALLED
  elseif not reaper.file_exists(command[1]) then
    return nil, GONE:format(command[1])
  end
  return command
end

-- Starts the service, in the background, and waits for nothing: its heartbeat shows when it runs, after some seconds.
-- True, or nil and what to do. Every word is absolute, so that nothing is searched: REAPER may have next to no PATH.
function service.start()
  local command, why = installed()
  if not command then
    return nil, why
  end
  if reaper.GetOS():find("^Win") then
    reaper.ExecProcess(joined(command, windows_word), -2) -- does not wait and shows no window
    return true
  end
  -- It outlives REAPER, and the terminal that REAPER may have been started in.
  local line = "trap '' HUP; " .. joined(command, shell_word) .. " >/dev/null 2>&1 </dev/null &"
  if not os.execute(line) then
    return nil, "Retone's service could not be started. Start it in a terminal with `retone serve`."
  end
  return true
end

return service
