-- What a take's audio is made of: its source's rate and channels, or why there is no audio to read and what to do.
-- @noindex

local take_source = {}

local RENDER = "Render it first, with the action 'Render items to new take' (41999) or 'Apply track/take FX to items'"
  .. " (40209)."
local MISSING = " cannot be read: its file %s is missing. Bring it back, or choose another in the item's properties."
-- The channel modes of a take (I_CHANMODE): two of them and all from 67 on give two channels, those between give one.
local NORMAL, SWAPPED, PAIRS = 0, 1, 67

-- What the service reads.
take_source.LOWEST_RATE, take_source.HIGHEST_RATE, take_source.MOST_CHANNELS = 8000, 192000, 8

-- What the user knows the item by.
function take_source.title(item, take)
  local name = take and reaper.GetTakeName(take) or ""
  if name ~= "" then
    return ("'%s'"):format(name)
  end
  return ("The item at %.2f s"):format(reaper.GetMediaItemInfo_Value(item, "D_POSITION"))
end

-- The source that stands for the media itself: sections and reversed takes lie around it.
local function root_of(source)
  local parent = reaper.GetMediaSourceParent(source)
  while parent do
    source, parent = parent, reaper.GetMediaSourceParent(parent)
  end
  return source
end

-- Rate and channels of a source; both may read 0 after the media was offline, then the file is opened afresh.
local function rate_and_channels(source, file)
  local rate, channels = reaper.GetMediaSourceSampleRate(source), reaper.GetMediaSourceNumChannels(source)
  local fresh = (rate <= 0 or channels <= 0) and file ~= "" and reaper.PCM_Source_CreateFromFile(file)
  if fresh then
    rate, channels = reaper.GetMediaSourceSampleRate(fresh), reaper.GetMediaSourceNumChannels(fresh)
    reaper.PCM_Source_Destroy(fresh)
  end
  return rate, channels
end

-- How many channels the take has, as its channel mode makes them.
local function heard_channels(take, channels)
  local mode = math.tointeger(reaper.GetMediaItemTakeInfo_Value(take, "I_CHANMODE"))
  if mode == NORMAL or mode == SWAPPED then
    return channels
  end
  return mode >= PAIRS and 2 or 1
end

-- The take's rate in Hz and its channels, {rate =, channels =}; or nil and a sentence that names the item and the way
-- out. `take` is nil for an empty item.
function take_source.of(item, take)
  local title = take_source.title(item, take)
  local source = take and reaper.GetMediaItemTake_Source(take)
  if not source then
    return nil, title .. " is empty: it holds no audio. Select an audio item."
  elseif reaper.TakeIsMIDI(take) then
    return nil, title .. " is a MIDI item, which holds no audio. " .. RENDER
  end
  local root = root_of(source)
  local file = reaper.GetMediaSourceFileName(root)
  if reaper.GetMediaSourceType(root):find("^OFFLINE") then
    return nil, title .. " is offline. Set its media online and run the action again."
  elseif file ~= "" and not reaper.file_exists(file) then
    return nil, title .. MISSING:format(file)
  end
  local rate, channels = rate_and_channels(source, file)
  if rate <= 0 then
    return nil, title .. " has no sample rate of its own. " .. RENDER
  elseif channels <= 0 then
    return nil, title .. " has no audio channels. Select an audio item."
  elseif rate < take_source.LOWEST_RATE or rate > take_source.HIGHEST_RATE then
    return nil, ("%s has a sample rate of %d Hz; Retone takes %d to %d Hz. %s"):format(
      title, rate, take_source.LOWEST_RATE, take_source.HIGHEST_RATE, RENDER)
  end
  channels = heard_channels(take, channels)
  if channels > take_source.MOST_CHANNELS then
    return nil, ("%s has %d channels; Retone takes up to %d. Choose fewer in the take's channel mode."):format(
      title, channels, take_source.MOST_CHANNELS)
  end
  return { rate = rate, channels = channels }
end

return take_source
