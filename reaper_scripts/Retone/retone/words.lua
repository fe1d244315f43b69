-- Texts of the user's, fitted to where they are shown or kept.
-- @noindex

local words = {}

-- One line of at most `most` characters (UTF-8 letters stay whole), with ... where something was left out.
function words.line(text, most)
  local flat = text:gsub("[%c%s]+", " "):match("^ ?(.-) ?$")
  local length = utf8.len(flat)
  if length == nil then
    -- No UTF-8: bytes are all there is to count.
    return #flat > most and flat:sub(1, most - 3) .. "..." or flat
  elseif length > most then
    return flat:sub(1, utf8.offset(flat, most - 2) - 1) .. "..."
  end
  return flat
end

-- A text as lines that `fits` says yes to, broken between words; a word that does not fit has a line of its own.
function words.lines(text, fits)
  local lines = {}
  for word in text:gmatch("%S+") do
    local longer = #lines > 0 and lines[#lines] .. " " .. word
    if longer and fits(longer) then
      lines[#lines] = longer
    else
      lines[#lines + 1] = word
    end
  end
  return lines
end

-- A sentence about the item called `name`, which it may name already, as take_source.title does.
function words.about(name, sentence)
  local is_named = sentence:find("'" .. name .. "'", 1, true) or sentence:find("^The item at ")
  return is_named and sentence or name .. ": " .. sentence
end

-- "1 item", "3 items".
function words.count(number, thing)
  return string.format("%d %s%s", number, thing, number == 1 and "" or "s")
end

-- "0:07", "12:30", "1:02:30" for seconds left.
function words.time(seconds)
  local whole = math.floor(seconds + 0.5)
  local hours, minutes = whole // 3600, whole // 60 % 60
  if hours > 0 then
    return string.format("%d:%02d:%02d", hours, minutes, whole % 60)
  end
  return string.format("%d:%02d", minutes, whole % 60)
end

return words
