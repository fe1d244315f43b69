-- REAPER's own dialog of text fields, asked again with what was typed until all of it can be used.
-- @noindex

local dialog = {}

local MOST_FIELDS = 16
local EXTRA_WIDTH = 260

-- A line of a dialog: its name, its caption (a comma would end it), its check and what it holds at first.
function dialog.field(name, caption, check, default)
  return { name = name, caption = (caption:gsub("[,%c]", " ")), check = check, default = default }
end

local function show(title, fields, values)
  local captions, texts = {}, {}
  for index, field in ipairs(fields) do
    captions[index] = field.caption
    -- A line break would end a value.
    texts[index] = tostring(values[field.name] or field.default):gsub("%c", " ")
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
    named[field.name] = typed[index] or ""
  end
  return named
end

-- Asks; returns {name = text} as the checks gave it, or nil when the user closed it.
function dialog.ask(title, fields, values)
  assert(#fields <= MOST_FIELDS, "REAPER's dialog has 16 lines")
  while true do
    values = show(title, fields, values)
    if not values then
      return nil
    end
    local checked, wrong = {}, nil
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
    reaper.MB(wrong, "Retone", 0)
  end
end

-- Whether the user says yes.
function dialog.yes(question)
  local YES_NO, YES = 4, 6
  return reaper.MB(question, "Retone", YES_NO) == YES
end

return dialog
