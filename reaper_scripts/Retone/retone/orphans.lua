-- Batches whose owner is gone: its mark is not there any more, or has stood still while this script went on.
-- @noindex

local ledger = require("retone.ledger")

local orphans = {}

local GONE_SECONDS = 5
-- A window of REAPER's that waits for an answer stops all scripts alike: a long look counts as a short one.
local MOST_SECONDS = 1

local Orphans = {}
Orphans.__index = Orphans

function orphans.new(client)
  return setmetatable({ client = client, seen = {}, looked_at = reaper.time_precise() }, Orphans)
end

-- Whether the run `owner` is gone, as far as is known after `passed` more seconds.
function Orphans:is_gone(owner, passed)
  local mark, seen = ledger.marked(owner), self.seen[owner]
  if mark == nil then
    return true
  elseif not seen or seen.mark ~= mark then
    self.seen[owner] = { mark = mark, seconds = 0 }
    return false
  end
  seen.seconds = seen.seconds + passed
  return seen.seconds >= GONE_SECONDS
end

-- The batches to be taken over now; to be called about every half second.
function Orphans:find()
  local now = reaper.time_precise()
  local passed = math.min(now - self.looked_at, MOST_SECONDS)
  self.looked_at = now
  local found, gone = {}, {}
  for _, one in ipairs(ledger.owners()) do
    local owner = one.owner
    if owner ~= self.client then
      if gone[owner] == nil then
        gone[owner] = self:is_gone(owner, passed)
      end
      found[#found + 1] = gone[owner] and ledger.batch(one.id) or nil
    end
  end
  return found
end

return orphans
