-- The sound that the self test makes, and the comparison of what came back of it.
-- @noindex

local wav = require("retone.wav")

local self_test_sound = {}

self_test_sound.RATE = 44100

local RATE, SECONDS = self_test_sound.RATE, 2
local STRIDE = 4096 -- samples unpacked at once

-- Writes a stereo file of two seconds: a rising tone on the left, a falling one and a little noise on the right, so
-- that swapped channels, a shift or another speed all show. True, or nil and why not.
function self_test_sound.write(path)
  local writer, why = wav.create(path, RATE, 2)
  if not writer then
    return nil, why
  end
  local samples, state = {}, 1
  for frame = 0, RATE * SECONDS - 1 do
    local time = frame / RATE
    -- The minimal standard generator of Park and Miller: the same noise everywhere.
    state = state * 16807 % 2147483647
    samples[#samples + 1] = 0.3 * math.sin(2 * math.pi * (200 + 300 * time) * time)
    samples[#samples + 1] = 0.3 * math.sin(2 * math.pi * (900 - 200 * time) * time) + 0.05 * (state / 2147483647 - 0.5)
  end
  writer, why = writer:write(samples)
  if not writer then
    return nil, why
  end
  return writer:finish()
end

-- The samples of a float file that `wav` wrote, and its channels.
function self_test_sound.samples(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  local channels = string.unpack("<I2", bytes, 23)
  local _, at = bytes:find("data", 13, true)
  local samples = {}
  for first = at + 5, #bytes - 3, 4 * STRIDE do
    local count = math.min(STRIDE, (#bytes - first + 1) // 4)
    table.move({ string.unpack("<" .. ("f"):rep(count), bytes, first) }, 1, count, #samples + 1, samples)
  end
  return samples, channels
end

-- The largest difference between two lists of samples and the largest sample of the first; nil where one is longer.
function self_test_sound.apart(a, b)
  if #a ~= #b then
    return nil
  end
  local largest, loudest = 0.0, 0.0
  for place = 1, #a do
    largest = math.max(largest, math.abs(a[place] - b[place]))
    loudest = math.max(loudest, math.abs(a[place]))
  end
  return largest, loudest
end

-- The same of two such files; nil where their shapes differ.
function self_test_sound.difference(one, other)
  local a, a_channels = self_test_sound.samples(one)
  local b, b_channels = self_test_sound.samples(other)
  if a_channels ~= b_channels then
    return nil
  end
  return self_test_sound.apart(a, b)
end

return self_test_sound
