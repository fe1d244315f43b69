-- REAPER's own dialog of text fields, asked again with what was typed until all of it can be used.
-- @noindex

local dialog = {}

local MOST_FIELDS = 16
local EXTRA_WIDTH = 260

-- REAPER takes a quote or an open bracket in what a dialog comes up with for the beginning of something that goes over
-- into the next fields. These look alike and do no harm.
local LOOKS_LIKE = { ["'"] = "\u{2019}", ['"'] = "\u{201D}", ["("] = "\u{FF08}", [")"] = "\u{FF09}" }

-- A line of a dialog: its name, its caption (a comma would end it), its check and what it holds at first.
function dialog.field(name, caption, check, default)
  return { name = name, caption = (caption:gsub("[,%c]", " "):gsub("['\"]", "")), check = check, default = default }
end

-- A text for a dialog to come up with, and the characters that were replaced in it.
local function harmless(text)
  local risky = text:gsub("%b()", ""):find("[()]") and "['\"()]" or "['\"]"
  local replaced = {}
  text = text:gsub(risky, function(character)
    replaced[character] = true
    return LOOKS_LIKE[character]
  end)
  return text, replaced
end

-- What was typed, with the replaced characters back in it.
local function restored(text, replaced)
  for character in pairs(replaced) do
    text = text:gsub(LOOKS_LIKE[character], character)
  end
  return text
end

-- The texts by field, and whether REAPER gave all of them; nil when the dialog was closed.
local function show(title, fields, values)
  local captions, texts, replaced = {}, {}, {}
  for index, field in ipairs(fields) do
    captions[index] = field.caption
    -- A line break would end a value.
    local text = tostring(values[field.name] or field.default):gsub("%c", " ")
    texts[index], replaced[index] = harmless(text)
  end
  -- Values stand on lines of their own, since prompts hold commas.
  captions[#captions + 1] = "extrawidth=" .. EXTRA_WIDTH
  captions[#captions + 1] = "separator=\n"
  local answered, text =
    reaper.GetUserInputs(title, #fields, table.concat(captions, ","), table.concat(texts, "\n"))
  if not answered then
    return nil
  end
  local typed = {}
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    local field = fields[#typed + 1]
    if not field then
      break
    end
    typed[#typed + 1] = line
  end
  local named = {}
  for index, field in ipairs(fields) do
    named[field.name] = restored(typed[index] or texts[index], replaced[index])
  end
  return named, #typed == #fields
end

-- Says a sentence that the user has to close.
function dialog.tell(sentence)
  reaper.MB(sentence, "Retone", 0)
end

-- Asks; returns {name = text} as the checks gave it, or nil when the user closed it.
function dialog.ask(title, fields, values)
  assert(#fields <= MOST_FIELDS, "REAPER's dialog has 16 lines")
  while true do
    local is_whole
    values, is_whole = show(title, fields, values)
    if not values then
      return nil
    end
    local checked, wrong = {}, nil
    if not is_whole then
      wrong = "REAPER's dialog cut off what you typed, as it is too long; please shorten it."
    end
    for _, field in ipairs(fields) do
      local text, why = field.check(values[field.name])
      if not text then
        wrong = field.caption .. ": " .. why
        break
      end
      checked[field.name] = text
    end
    if not wrong then
      return checked
    end
    dialog.tell(wrong)
  end
end

-- Whether the user says yes.
function dialog.yes(question)
  local YES_NO, YES = 4, 6
  return reaper.MB(question, "Retone", YES_NO) == YES
end

return dialog
