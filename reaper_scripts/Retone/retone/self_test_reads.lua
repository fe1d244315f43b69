-- What the self test reads of items that are played in several ways, against the file that they are made of: what
-- REAPER gives scripts of a take is known by this alone. The items have half the take volume, which must not be in it.
-- @noindex

local sound = require("retone.self_test_sound")

local self_test_reads = {}

local RATE = sound.RATE
local LEFT, RIGHT = 1, 2
-- Samples of 32 bits that nothing was done to are the same; this is what may be rounded.
local MOST_DIFFERENCE = 0.0001
local SMALL_BLOCK = 300

-- Ways to play the file: item and take hold REAPER's numbers; what is to be heard are the channels, from a second of
-- the file on, as long as the item is.
local WAYS = {
  { name = "whole", length = 2, from = 0, channels = { LEFT, RIGHT } },
  { name = "from an offset", length = 1, from = 0.5, channels = { LEFT, RIGHT }, take = { D_STARTOFFS = 0.5 } },
  { name = "with its channels swapped", length = 1, from = 0, channels = { RIGHT, LEFT }, take = { I_CHANMODE = 1 } },
  { name = "its right channel", length = 1, from = 0, channels = { RIGHT }, take = { I_CHANMODE = 4 } },
  { name = "beyond its end, looped", length = 3, from = 0, channels = { LEFT, RIGHT }, item = { B_LOOPSRC = 1 } },
  { name = "beyond its end, in silence", length = 3, from = 0, channels = { LEFT, RIGHT }, item = { B_LOOPSRC = 0 } },
}

-- Puts the items onto the test's track, by `add(name, position, length)`, which gives {item, take, ...}.
function self_test_reads.fill(add)
  local made = {}
  for number, way in ipairs(WAYS) do
    made[number] = add(way.name, 20.0 + 4 * number, way.length)
    for name, value in pairs(way.item or {}) do
      reaper.SetMediaItemInfo_Value(made[number].item, name, value)
    end
    for name, value in pairs(way.take or {}) do
      reaper.SetMediaItemTakeInfo_Value(made[number].take, name, value)
    end
  end
  return made
end

-- The samples that are to be heard of `file`, a list of the samples of two channels.
local function expected(way, file)
  local frames, wanted = #file // 2, {}
  local is_looped = way.item and way.item.B_LOOPSRC == 1
  for frame = 0, way.length * RATE - 1 do
    local place = math.floor(way.from * RATE) + frame
    place = is_looped and place % frames or place
    for _, channel in ipairs(way.channels) do
      wanted[#wanted + 1] = place < frames and file[2 * place + channel] or 0.0
    end
  end
  return wanted
end

-- Whether a take that REAPER computes is the same in small blocks: a seam at each would be heard as a click.
local function measure_blocks(test, loop, go)
  local part = test.made.parts[2]
  local large, small = test:temporary(), test:temporary()
  test:read_all(loop, {
    { item = part.item, from = 0, to = 0, path = large, what = part.name },
    { item = part.item, from = 0, to = 0, path = small, what = part.name, most = SMALL_BLOCK },
  }, function()
    local difference = sound.difference(large, small)
    test:note("%s: read in blocks of %d frames it differs by %.7f at most from large ones.", part.name, SMALL_BLOCK,
      difference or -1)
    go()
  end)
end

-- Reads all of them, says how each compares, then calls `go()`.
function self_test_reads.check(test, loop, go)
  local wanted = {}
  for number, made in ipairs(test.made.reads) do
    made.path = test:temporary()
    wanted[number] = { item = made.item, from = 0, to = 0, path = made.path, what = made.name }
  end
  test:read_all(loop, wanted, function()
    local file = sound.samples(test.made.path)
    for number, way in ipairs(WAYS) do
      local samples, channels = sound.samples(test.made.reads[number].path)
      local difference = channels == #way.channels and sound.apart(expected(way, file), samples)
      local told = difference and ("differs from the file by %.7f at most"):format(difference) or "has another shape"
      test:check(difference and difference <= MOST_DIFFERENCE, "an item %s: what is read of it %s", way.name, told)
    end
    measure_blocks(test, loop, go)
  end)
end

return self_test_reads
