-- What the service says of a job, as events: tables with named fields, for arguments that stand in order.
-- @noindex

local replies = {}

-- By address: the event's kind, then the names of the arguments behind the job's id, with their types.
local SHAPES = {
  ["/retone/ack"] = { "ack" },
  ["/retone/busy"] = { "busy", { "retry_ms", "number" } },
  ["/retone/queued"] = { "queued", { "position", "number" } },
  ["/retone/progress"] = {
    "progress", { "fraction", "number" }, { "stage", "string" }, { "seconds_left", "number" }, -- -1: not known yet
  },
  ["/retone/warning"] = { "warning", { "code", "string" }, { "message", "string" } },
  ["/retone/direction"] = {
    "direction", { "direction", "number" }, { "share", "number" }, { "start", "number" }, { "frames", "number" },
    { "low_hz", "number" }, { "high_hz", "number" },
  },
  ["/retone/result"] = { "result", { "index", "number" }, { "path", "string" } },
  ["/retone/done"] = { "done", { "count", "number" }, { "first_path", "string" } },
  ["/retone/fail"] = { "fail", { "code", "string" }, { "message", "string" } },
}

-- A message {address, arguments...} as an event {job =, kind =, ...}; nil when it is none, or not as it should be.
function replies.read(message)
  local shape = SHAPES[message[1]]
  if not shape or type(message[2]) ~= "string" then
    return nil
  end
  local event = { job = message[2], kind = shape[1] }
  for place = 2, #shape do
    local name, kind = table.unpack(shape[place])
    local value = message[place + 1]
    if type(value) ~= kind or value ~= value then
      return nil
    end
    event[name] = value
  end
  return event
end

return replies
