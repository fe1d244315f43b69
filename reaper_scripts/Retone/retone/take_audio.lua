-- The audio that the user hears of a take, as a WAV file: which stretch of it, and reading that over many ticks.
--
-- REAPER's take accessor gives it with rate, pitch, channel mode, stretch markers, loops, sections and reversal, all
-- of which therefore need no word here, and without volumes, pans, fades, envelopes and (as far as is known) take FX.
-- Where an item reaches beyond a source that does not loop, the user hears silence, and so it is written.
-- @noindex

local take_source = require("retone.take_source")
local wav = require("retone.wav")

local take_audio = {}

local BUDGET_SECONDS = 0.010 -- of the 15 ms that a tick may cost: a block may take longer than the one before
-- A block is sized by what a frame of the last one cost, which says little of a much larger one.
local FIRST_BLOCK, LEAST_BLOCK, GROWTH = 2048, 256, 4
local BUFFER_SAMPLES = 1 << 17
-- So often is an item read from its beginning that changes meanwhile, or of which REAPER says so.
local MOST_STARTS = 4

-- The stretch of a take that a job is about, in project seconds: the time selection where it meets the item, else the
-- whole item. `selection_start` == `selection_end` when there is none. Gives {start_s, length_s, rate, channels,
-- frames, clipped, ...}, or nil and a sentence.
function take_audio.range(item, take, selection_start, selection_end)
  local source, why = take_source.of(item, take)
  if not source then
    return nil, why
  end
  local item_start = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local item_length = reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  local from, to = math.max(item_start, selection_start), math.min(item_start + item_length, selection_end)
  local is_met = from < to
  local start_s = is_met and from or item_start
  -- The item's own length where it is whole: a sum and a difference would change its last digits.
  local is_clipped = is_met and (from > item_start or to < item_start + item_length)
  local length_s = is_clipped and to - from or item_length
  local frames = math.floor(length_s * source.rate + 0.5)
  if frames < 1 then
    return nil, ("%s is too short: %s holds not one sample. Make it longer."):format(
      take_source.title(item, take), is_clipped and "the time selection on it" or "it")
  end
  local fits
  fits, why = wav.fits(source.rate, source.channels, frames)
  if not fits then
    return nil, take_source.title(item, take) .. " is too long. " .. why
  end
  return {
    start_s = start_s,
    length_s = length_s,
    rate = source.rate,
    channels = source.channels,
    frames = frames,
    clipped = is_clipped,
    offset_s = start_s - item_start, -- seconds of the item, which are the accessor's
    item_length_s = item_length,
  }
end

local Reader = {}
Reader.__index = Reader

-- Begins at the beginning, again where something was read; gives why not, or nil.
local function begin(reader)
  reader:abandon()
  local range = reader.range
  local writer, why = wav.create(reader.path, range.rate, range.channels)
  if not writer then
    return why
  end
  reader.writer = writer
  reader.accessor = reaper.CreateTakeAudioAccessor(reader.take)
  if not reader.accessor then
    writer:abandon()
    return reader.title .. " cannot be read. Set its media online and run the action again."
  end
  reaper.AudioAccessorValidateState(reader.accessor) -- From here on it tells of changes.
  reader.start_s = reaper.GetAudioAccessorStartTime(reader.accessor) + range.offset_s
  reader.starts = reader.starts + 1
  reader.done, reader.fraction, reader.has_audio = 0, 0.0, false
end

-- Begins to write `range` of the take to `path`; the file is there when a step says "done". Or nil and a sentence.
function take_audio.reader(item, take, range, path)
  local most = math.min(range.frames, BUFFER_SAMPLES // range.channels)
  local new = setmetatable({
    item = item,
    take = take,
    title = take_source.title(item, take),
    project = reaper.GetItemProjectContext(item),
    range = range,
    path = path,
    starts = 0,
    most = most, -- frames in a block
    last = FIRST_BLOCK // GROWTH, -- frames in the last block
    cost_s = 0.0, -- of a frame in it
    buffer = reaper.new_array(most * range.channels),
  }, Reader)
  local why = begin(new)
  if why then
    return nil, why
  end
  return new
end

local function is_alive(reader)
  return reaper.ValidatePtr2(0, reader.project, "ReaProject*")
    and reaper.ValidatePtr2(reader.project, reader.item, "MediaItem*")
    and reaper.ValidatePtr2(reader.project, reader.take, "MediaItem_Take*")
end

-- Whether the range is still one of the take: a length, a rate and channels that it has.
local function still_fits(reader)
  local source = take_source.of(reader.item, reader.take)
  return source and source.rate == reader.range.rate and source.channels == reader.range.channels
    and reaper.GetMediaItemInfo_Value(reader.item, "D_LENGTH") == reader.range.item_length_s
end

-- Sees to it that the rest belongs to what was read; gives why it cannot, or nil.
local function interruption(reader)
  if not is_alive(reader) then
    return reader.title .. " was deleted while it was read."
  end
  -- An accessor goes on with what it began with, and says that the take is another now; what it counts as that is its
  -- own affair.
  local has_changed = reaper.AudioAccessorStateChanged(reader.accessor)
  if has_changed and reader.starts < MOST_STARTS and still_fits(reader) then
    return begin(reader)
  elseif has_changed or reaper.GetMediaItemInfo_Value(reader.item, "D_LENGTH") ~= reader.range.item_length_s then
    return reader.title .. " was changed while it was read. Run the action again."
  end
end

-- How many frames can be read within `left` seconds.
local function affordable(reader, left)
  local frames = math.min(reader.range.frames - reader.done, reader.most, GROWTH * reader.last)
  if reader.cost_s > 0 then
    frames = math.min(frames, math.max(0, left // reader.cost_s))
  end
  return math.tointeger(frames)
end

-- Reads the next `frames` and writes them; gives why not, or nil.
local function read(reader, frames)
  local range, buffer = reader.range, reader.buffer
  local samples = frames * range.channels
  buffer.clear(0, 1, samples) -- The accessor stops writing where the item ends.
  local time = reader.start_s + reader.done / range.rate
  local found = reaper.GetAudioAccessorSamples(reader.accessor, range.rate, range.channels, time, frames, buffer)
  if found ~= 0 and found ~= 1 then
    return reader.title .. " cannot be read. Set its media online and run the action again."
  end
  reader.has_audio = reader.has_audio or found == 1
  local written, why = reader.writer:write(buffer.table(1, samples))
  if not written then
    return ("%s was not read. %s"):format(reader.title, why)
  end
  reader.done = reader.done + frames
  reader.fraction = reader.done / range.frames
end

-- Reads as much as a step may; gives why not, or nil.
local function read_on(reader)
  local left = BUDGET_SECONDS
  local least = math.min(LEAST_BLOCK, reader.range.frames - reader.done)
  local frames = math.max(affordable(reader, left), least) -- so that it ends however slow it is
  repeat
    local began = reaper.time_precise()
    local why = read(reader, frames)
    if why then
      return why
    end
    local spent = reaper.time_precise() - began
    reader.last, reader.cost_s, left = frames, spent / frames, left - spent
    frames = affordable(reader, left)
  until frames < LEAST_BLOCK
end

-- Gives the file its name; gives why not, or nil.
local function finish(reader)
  if not reader.has_audio then
    return reader.title .. " holds no audio there. Set its media online, or select another stretch of it."
  end
  local _, why = reader.writer:finish()
  return why
end

-- Goes on for at most 15 ms: "reading", or "done" when the file is there; nil and a sentence when it cannot be, then
-- nothing is left of it. To be called on the main chunk, as accessors give nothing within a coroutine.
function Reader:step()
  if not self.accessor then
    return nil, self.title .. " is not read any more."
  end
  local why = interruption(self) or read_on(self)
  if not why and self.done < self.range.frames then
    return "reading"
  end
  why = why or finish(self)
  self:abandon()
  if why then
    return nil, why
  end
  return "done"
end

-- Gives the accessor back and leaves no file; does nothing after the end.
function Reader:abandon()
  if self.writer then
    self.writer:abandon()
  end
  if self.accessor then
    reaper.DestroyAudioAccessor(self.accessor)
    self.accessor = nil
  end
end

return take_audio
