-- OSC messages to bytes and back: everything that knows how OSC lies in memory lives here.
--
-- Written are integers (i), floats (f) and texts (s), which is all that Retone's requests need. Read is every type
-- that a service may send. Bytes may come from anywhere: reading them never raises an error, it says what is wrong.
-- @noindex

local osc = {}

-- What the service reads at most.
osc.PACKET_LIMIT = 8192

-- Text with its end and the padding to four bytes.
local function padded(text)
  return text .. ("\0"):rep(4 - #text % 4)
end

local function is_address(text)
  return text:find("^/[\x21-\x7e]*$") ~= nil
end

-- Whether the service can read this text: UTF-8 without a zero byte. Lua 5.3 takes surrogates, Python does not.
function osc.is_text(text)
  return utf8.len(text) ~= nil and not text:find("\xed[\xa0-\xbf]") and not text:find("\0", 1, true)
end

local function written(argument)
  local kind = math.type(argument) or type(argument)
  if kind == "integer" then
    if argument < -0x80000000 or argument > 0x7fffffff then
      error("OSC cannot carry " .. argument .. " as an integer of 32 bits", 0)
    end
    return "i", string.pack(">i4", argument)
  elseif kind == "float" then
    return "f", string.pack(">f", argument)
  elseif kind == "string" then
    if argument:find("\0", 1, true) then
      error("a text with a zero byte cannot be sent", 0)
    end
    return "s", padded(argument)
  end
  error("OSC cannot carry an argument of type " .. kind, 0)
end

-- The bytes of one message. Raises an error on an argument of another type: that is a fault of the script.
function osc.encode(address, ...)
  if type(address) ~= "string" or not is_address(address) then
    error(tostring(address) .. " is no OSC address", 0)
  end
  local tags, data = { "," }, {}
  for place = 1, select("#", ...) do
    tags[place + 1], data[place] = written((select(place, ...)))
  end
  return padded(address) .. padded(table.concat(tags)) .. table.concat(data)
end

-- The text at `place` and the place after its padding; nothing when it has no end.
local function read_text(bytes, place)
  local stop = bytes:find("\0", place, true)
  local after = stop and place + 4 * ((stop - place) // 4 + 1)
  if after and after - 1 <= #bytes then
    return bytes:sub(place, stop - 1), after
  end
end

local function fixed(format, width)
  return function(bytes, place)
    if place + width - 1 <= #bytes then
      return (string.unpack(format, bytes, place)), place + width
    end
  end
end

local function constant(value)
  return function(_, place)
    return value, place
  end
end

local function read_blob(bytes, place)
  if place + 3 > #bytes then
    return
  end
  local size = string.unpack(">i4", bytes, place)
  local after = place + 4 + size + -size % 4
  if size >= 0 and after - 1 <= #bytes then
    return bytes:sub(place + 4, place + 3 + size), after
  end
end

-- By type tag: what reads an argument and gives it with the place after it, or no place when it is cut off.
local READERS = {
  i = fixed(">i4", 4),
  f = fixed(">f", 4),
  h = fixed(">i8", 8),
  d = fixed(">d", 8),
  s = read_text,
  S = read_text,
  b = read_blob,
  T = constant(true),
  F = constant(false),
  N = constant(nil),
  I = constant(true),
}

-- The address and the list of arguments (its field n counts them, since nil may be among them), or nil and why not.
function osc.decode(bytes)
  if #bytes > osc.PACKET_LIMIT then
    return nil, "the packet is too large"
  end
  local address, place = read_text(bytes, 1)
  if not address or not is_address(address) then
    return nil, "the packet has no address"
  end
  if place > #bytes then -- Old senders leave out the tags of a message without arguments.
    return address, { n = 0 }
  end
  local tags
  tags, place = read_text(bytes, place)
  if not tags or tags:sub(1, 1) ~= "," then
    return nil, address .. " has no type tags"
  end
  local arguments = { n = #tags - 1 }
  for number = 1, arguments.n do
    local read = READERS[tags:sub(number + 1, number + 1)]
    if not read then
      return nil, address .. " holds an argument of a type that is not read"
    end
    arguments[number], place = read(bytes, place)
    if not place then
      return nil, address .. " is cut off"
    end
  end
  if place <= #bytes then
    return nil, address .. " is longer than its tags say"
  end
  return address, arguments
end

return osc
