-- The folder through which a script and the service hand each other messages: one OSC message a file.
--
-- A script writes SPOOL/in/CLIENT-000001.osc and so on, the service SPOOL/out/CLIENT/000001.osc and so on, both under
-- another name first, so that a file is whole as soon as its name is there. The last reply that was read stays lying:
-- a service that is started again counts on from it. CLIENT is new for each run of a script.
-- @noindex

local files = require("retone.files")
local names = require("retone.names")
local osc = require("retone.osc")

local spool = {}

local LOOK_SECONDS = 0.2
local LOOK_BUDGET_SECONDS = 0.005
-- A reply that cannot be read yet is tried this often; then it must not keep the others back any longer.
local TRIES = 10
-- How long nothing may come until the folder is searched for where the service goes on.
local LOST_SECONDS = 2
-- The service leaves 256 replies lying; where they cannot be removed, a new name is taken in time.
local MOST_LYING = 200
local NO_SUCH_FILE = 2 -- ENOENT, the same number everywhere

local is_windows = reaper.GetOS():find("^Win") ~= nil
local SLASH = is_windows and "\\" or "/"

local function join(...)
  return table.concat({ ... }, SLASH)
end

-- The spool folder of this user, whether it is there or not; or nil and why there can be none.
function spool.folder()
  if not is_windows then
    local home = os.getenv("HOME")
    if not home or home == "" then
      return nil, "Retone finds no spool folder: the environment variable HOME is not set. Start REAPER as usual."
    end
    local is_mac = reaper.GetOS():find("^OSX") or reaper.GetOS():find("^macOS")
    return home .. (is_mac and "/Library/Application Support/retone/spool" or "/.local/share/retone/spool")
  end
  local folder, user = os.getenv("LOCALAPPDATA"), files.home()
  if user and user:find("[\x80-\xff]") then
    -- The environment comes in the code page of Windows, and with other letters for those that it lacks.
    folder = user .. "\\AppData\\Local"
  end
  if not folder or folder == "" or not osc.is_text(folder) then
    return nil, "Retone finds no spool folder: the environment variable LOCALAPPDATA is not set or cannot be read."
  end
  return join(folder, "retone", "spool")
end

-- What lies in a file, or nil and whether there is none.
local function content(path)
  local file, _, number = io.open(path, "rb")
  if not file then
    -- On Windows a path with other letters than ASCII may fail in another way, too.
    return nil, number == NO_SUCH_FILE or not reaper.file_exists(path)
  end
  local bytes = file:read(osc.PACKET_LIMIT + 1)
  file:close()
  return bytes, false
end

-- What the service last said of itself, and how many seconds ago; nil when it runs not, or while that is being written.
function spool.heartbeat()
  local folder = spool.folder()
  local bytes = folder and content(join(folder, "heartbeat.osc"))
  local address, said = osc.decode(bytes or "")
  local seconds = address == "/retone/heartbeat" and tonumber(said[1])
  if not seconds or math.type(said[3]) ~= "integer" then
    return nil
  end
  local function text(value)
    return type(value) == "string" and value or ""
  end
  return {
    age_s = os.time() - seconds,
    version = text(said[2]),
    protocol = said[3],
    device = text(said[4]),
    model = text(said[5]),
    trouble = text(said[6]),
  }
end

-- Where the script writes the audio of a job, in a folder that is made here; or nil and why that cannot be.
function spool.clip(job, take_name)
  local root, why = spool.folder()
  if not root then
    return nil, why
  end
  local folder = join(root, "clips", job)
  reaper.RecursiveCreateDirectory(folder, 0)
  return join(folder, names.slug(take_name) .. ".wav")
end

local Box = {}
Box.__index = Box

-- A box of this run's own; nothing is written until something is sent. Or nil and why there can be none.
function spool.open()
  local folder, why = spool.folder()
  if not folder then
    return nil, why
  end
  return setmetatable({
    client = names.id("c"),
    folder = folder,
    sent = 0, -- the number of the last request
    last = 0, -- the number of the last reply that was read
    next = 1,
    tries = 0, -- how often the next reply could not be read
    look_at = 0,
    heard_at = reaper.time_precise(),
  }, Box)
end

-- Hands one message to the service, also to one that is started later. True, or nil and what to do.
function Box:send(address, ...)
  for place = 1, select("#", ...) do
    local argument = select(place, ...)
    if type(argument) == "string" and not osc.is_text(argument) then
      return nil, ("This cannot be sent, as it is no UTF-8 text: %s. Rename it."):format(argument:gsub("%c", " "))
    end
  end
  local bytes = osc.encode(address, ...)
  if #bytes > osc.PACKET_LIMIT then
    return nil, ("The request is %d bytes long, %d is the limit; shorten its texts."):format(#bytes, osc.PACKET_LIMIT)
  end
  local folder = join(self.folder, "in")
  reaper.RecursiveCreateDirectory(folder, 0)
  local name = join(folder, ("%s-%06d"):format(self.client, self.sent + 1))
  local done, why = files.write(name .. ".part", bytes)
  if done then
    done, why = files.rename(name .. ".part", name .. ".osc")
  end
  if not done then
    return nil, why
  end
  self.sent = self.sent + 1
  return true
end

function Box:reply(number)
  return join(self.folder, "out", self.client, ("%06d.osc"):format(number))
end

-- Finds the next reply where the numbers do not go on: one was lost, or the folder was swept and is begun anew.
function Box:find_place()
  local folder = join(self.folder, "out", self.client)
  reaper.EnumerateFiles(folder, -1) -- forgets what REAPER remembers of the folder
  local last_is_there, after, before = self.last == 0, nil, nil
  local index = 0
  local name = reaper.EnumerateFiles(folder, index)
  while name do
    local number = math.tointeger(tonumber(name:match("^(%d+)%.osc$")))
    if number and number >= self.next then
      after = math.min(number, after or number)
    elseif number == self.last then
      last_is_there = true
    elseif number then
      before = math.min(number, before or number)
    end
    index = index + 1
    name = reaper.EnumerateFiles(folder, index)
  end
  local _, is_missing = content(self:reply(self.next))
  if is_missing then -- A folder that changes while it is listed may hide a file.
    self.next = after or (not last_is_there and before) or self.next
  end
end

-- The messages that came, as lists {address, arguments...}, in order. Looks at most every 0.2 s and reads for 5 ms.
function Box:receive()
  local began = reaper.time_precise()
  local heard = {}
  if began < self.look_at then
    return heard
  end
  self.look_at = began + LOOK_SECONDS
  repeat
    local bytes, is_missing = content(self:reply(self.next))
    local address, arguments = osc.decode(bytes or "")
    if is_missing then
      if began - self.heard_at > LOST_SECONDS then
        self:find_place()
        self.heard_at = began
      end
      break
    end
    self.tries = self.tries + 1
    if not address and self.tries < TRIES then
      break
    end
    if address then
      heard[#heard + 1] = { address, table.unpack(arguments, 1, arguments.n) }
    end
    files.remove(self:reply(self.last))
    self.last, self.next, self.tries, self.heard_at = self.next, self.next + 1, 0, began
    if self.last >= MOST_LYING and reaper.file_exists(self:reply(1)) then
      -- What was asked for is asked about again under this name, as nothing is heard of it.
      self.client, self.last, self.next = names.id("c"), 0, 1
    end
  until reaper.time_precise() - began > LOOK_BUDGET_SECONDS
  return heard
end

return spool
