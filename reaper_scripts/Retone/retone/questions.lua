-- Questions that are no jobs, such as for the names of presets: each comes to one answer, or to the reason why not.
-- @noindex

local service = require("retone.service")

local questions = {}

local ANSWER_SECONDS = 2
local LATE = "Retone's service did not answer within 2 seconds; try again."

local Questions = {}
Questions.__index = Questions

-- The open questions of one run, asked through `box`.
function questions.new(box)
  return setmetatable({ box = box, open = {} }, Questions)
end

-- Asks. A tick calls `callback(arguments)` with those of the answer, which comes at `reply_address`, or
-- `callback(nil, sentence)`, once. An answer that is an ack names the address of the question.
function Questions:ask(address, arguments, reply_address, callback)
  local sent, why = self.box:send(address, table.unpack(arguments))
  self.open[#self.open + 1] = {
    address = address,
    reply_address = reply_address,
    callback = callback,
    why = why,
    late_at = reaper.time_precise() + (sent and ANSWER_SECONDS or 0),
  }
end

local function is_answer(message, question)
  if message[1] == "/retone/fail" or message[1] == "/retone/ack" then
    return message[2] == question.address and (message[1] == "/retone/fail" or question.reply_address == "/retone/ack")
  end
  return message[1] == question.reply_address
end

-- Whether `message` {address, arguments...} answers a question; the oldest that it can be meant for is closed.
function Questions:hear(message)
  for place, question in ipairs(self.open) do
    if is_answer(message, question) then
      table.remove(self.open, place)
      if message[1] == "/retone/fail" then
        question.callback(nil, tostring(message[4]))
      else
        question.callback({ table.unpack(message, 2) })
      end
      return true
    end
  end
  return false
end

-- Closes the questions that nobody answered in time.
function Questions:tick(now)
  while self.open[1] and now >= self.open[1].late_at do
    local question = table.remove(self.open, 1)
    local state, what_to_do = service.state()
    question.callback(nil, question.why or (state ~= "running" and what_to_do) or LATE)
  end
end

return questions
