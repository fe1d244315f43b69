-- WAV files of 32-bit float samples: written piece by piece, and the text that the service left in its own read back.
-- The same files as engine/retone_engine/audio/wav.py makes, without a text.
-- @noindex

local files = require("retone.files")

local wav = {}

local STRIDE = 2048 -- samples packed at once; more is not faster, and Lua's stack is not endless
local LARGEST = 3.4e38 -- near the largest number of 32 bits
local SIZE_LIMIT = 0xffffffff
local FLOAT, EXTENSIBLE = 3, 0xfffe
-- The sub-format GUID of 32-bit float samples (mmreg.h).
local FLOAT_GUID = "\x03\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
-- A text longer than this is none of ours.
local TEXT_LIMIT = 1 << 20
-- Lua cannot seek further on every system; the text comes before the samples.
local SEEK_LIMIT = 0x7fffffff
local TOO_LONG = "A WAV file holds 4 GB; take a shorter time selection."

local function chunk(name, body)
  return name .. string.pack("<I4", #body) .. body
end

local function format_of(rate, channels)
  local body = string.pack("<I2 I4 I4 I2 I2", channels, rate, rate * 4 * channels, 4 * channels, 32)
  if channels <= 2 then
    return chunk("fmt ", string.pack("<I2", FLOAT) .. body .. string.pack("<I2", 0))
  end
  -- No speakers are named: the take's own order is kept.
  return chunk("fmt ", string.pack("<I2", EXTENSIBLE) .. body .. string.pack("<I2 I2 I4", 22, 32, 0) .. FLOAT_GUID)
end

-- Everything before the samples; nil when they do not fit.
local function head(rate, channels, frames)
  local size = 4 * channels * frames
  local chunks = format_of(rate, channels) .. chunk("fact", string.pack("<I4", frames & 0xffffffff))
  local riff = 4 + #chunks + 8 + size
  if riff > SIZE_LIMIT then
    return nil
  end
  return "RIFF" .. string.pack("<I4", riff) .. "WAVE" .. chunks .. "data" .. string.pack("<I4", size)
end

-- True when so many frames fit into a file, else nil and what to do.
function wav.fits(rate, channels, frames)
  if frames > SIZE_LIMIT or not head(rate, channels, frames) then
    return nil, TOO_LONG
  end
  return true
end

local Writer = {}
Writer.__index = Writer

-- Begins the file `path`, which bears its name only when it is finished. A writer, or nil and what to do.
function wav.create(path, rate, channels)
  local file, why = io.open(path .. ".part", "wb")
  if not file then
    return nil, files.cannot_write(why)
  end
  local writer = { path = path, file = file, rate = rate, channels = channels, frames = 0 }
  setmetatable(writer, Writer)
  return writer:put(head(rate, channels, 0))
end

-- The writer, or nil and what to do, after which the file is gone.
function Writer:put(bytes)
  local written, why = self.file:write(bytes)
  if written then
    return self
  end
  self:abandon()
  return nil, files.disk_full(self.path, why)
end

-- Adds samples, a list of numbers in which the channels of a frame follow each other. The writer, or nil and what to
-- do, after which the file is gone.
function Writer:write(samples)
  local count = #samples
  self.frames = self.frames + count // self.channels
  if not head(self.rate, self.channels, self.frames) then
    self:abandon()
    return nil, TOO_LONG
  end
  for place = 1, count do
    local sample = samples[place]
    if not (sample > -LARGEST and sample < LARGEST) then
      self:abandon()
      return nil, "The audio holds samples that are no numbers; look for a broken effect or file."
    end
  end
  local packed = {}
  for first = 1, count, STRIDE do
    local last = math.min(first + STRIDE - 1, count)
    local format = "<" .. ("f"):rep(last - first + 1)
    packed[#packed + 1] = string.pack(format, table.unpack(samples, first, last))
  end
  return self:put(table.concat(packed))
end

-- Writes the sizes and gives the file its name. True, or nil and what to do, after which the file is gone.
function Writer:finish()
  if not self.file:seek("set", 0) then
    self:abandon()
    return nil, files.disk_full(self.path)
  end
  local put, why = self:put(head(self.rate, self.channels, self.frames))
  if not put then
    return nil, why
  end
  -- What is still in memory meets the disk here.
  local closed
  closed, why = self.file:close()
  self.file = nil
  if not closed then
    files.remove(self.path .. ".part")
    return nil, files.disk_full(self.path, why)
  end
  return files.rename(self.path .. ".part", self.path)
end

-- Leaves no file; does nothing when it is finished or abandoned.
function Writer:abandon()
  if self.file then
    self.file:close()
    self.file = nil
    files.remove(self.path .. ".part")
  end
end

-- The comment among the texts of a LIST chunk.
local function comment_in(body)
  local place = 5
  while body:sub(1, 4) == "INFO" and place + 7 <= #body do
    local name, size = string.unpack("<c4 I4", body, place)
    if name == "ICMT" then
      return (body:sub(place + 8, place + 7 + size):gsub("\0+$", ""))
    end
    place = place + 8 + size + size % 2
  end
end

-- The recipe that the service left in a result, as JSON; nil when there is none, or no such file.
function wav.recipe(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local found
  local start = file:read(12) or ""
  local place = start:sub(1, 4) == "RIFF" and start:sub(9) == "WAVE" and 12 or nil
  while place and place < SEEK_LIMIT and not found do
    file:seek("set", place)
    local header = file:read(8)
    if not header or #header < 8 then
      break
    end
    local name, size = string.unpack("<c4 I4", header)
    if name == "LIST" and size <= TEXT_LIMIT then
      found = comment_in(file:read(size) or "")
    end
    place = place + 8 + size + size % 2
  end
  file:close()
  return found
end

return wav
