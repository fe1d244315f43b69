-- A small window with what is under way, drawn from the ledger: any Retone script's jobs, whoever began them.
-- @noindex

local ledger = require("retone.ledger")
local report = require("retone.report")
local service = require("retone.service")
local store = require("retone.store")
local words = require("retone.words")

local progress = {}

local LOOK_SECONDS = 0.2
-- A window that an action opened goes away when all is done and nothing was to be said.
local LINGER_SECONDS = 1.5
local WIDTH, HEIGHT, EDGE, ROW, LINE, BUTTON = 460, 220, 10, 34, 18, 70
local ESCAPE, CLOSED = 27, -1
local CENTRED = 1
local ARRANGE = 1

-- What the user is told of a stage: the first word of what the command line says.
local STAGES = {
  audio = "reading the item",
  load = "loading",
  read = "reading",
  encode = "encoding",
  invert = "inverting",
  find = "finding",
  replay = "editing",
  decode = "decoding",
  write = "writing",
}

local BACK = { 0.13, 0.13, 0.14 }
local TEXT = { 0.90, 0.90, 0.90 }
local DIM = { 0.62, 0.62, 0.64 }
local BAR = { 0.87, 0.50, 0.25 }
local TROUGH = { 0.24, 0.24, 0.26 }

local function colour(of)
  gfx.set(of[1], of[2], of[3], 1)
end

-- A text at x, y that ends at `right`; REAPER cuts what is longer.
local function write(text, x, y, right, of, flags)
  colour(of or TEXT)
  gfx.x, gfx.y = x, y
  gfx.drawstr(text, flags or 0, right, y + gfx.texth + 2)
end

-- What stands in a job's row: its name and how far it is.
local function state_of(job, shown)
  if job.state == "failed" then
    return "failed", 0
  elseif job.state == "done" then
    return "done", 1
  elseif shown.stage == "queued" and (shown.position or 0) > 0 then
    return string.format("waits, number %d", shown.position), 0
  elseif job.state == "read" and not shown.stage then
    return "waits", 0
  end
  local text = STAGES[shown.stage] or shown.stage or "asked"
  if (shown.seconds_left or -1) >= 0 then
    text = text .. ", " .. words.time(shown.seconds_left) .. " left"
  end
  return text, shown.fraction or 0
end

-- The rows to be drawn now: {name, state, fraction}.
function progress.rows()
  local rows = {}
  for _, batch in ipairs(ledger.batches()) do
    for place, job in ipairs(batch.jobs) do
      local state, fraction = state_of(job, ledger.progress_of(job))
      local of = #batch.jobs > 1 and string.format("%d of %d  ", place, #batch.jobs) or ""
      local name = string.format("%s%s: %s", of, job.name, words.line(batch.title, 60))
      rows[#rows + 1] = { name = name, state = state, fraction = fraction }
    end
  end
  return rows
end

-- The line at the top: where the service computes, or what keeps it from that.
function progress.status()
  local state, sentence = service.state()
  if state == "absent" and report.is_starting() then
    return "The service starts."
  elseif state ~= "running" then
    return sentence
  end
  local beat = service.heartbeat() or {}
  if sentence then
    return sentence
  elseif (beat.device or "") == "" then
    return "The service starts."
  end
  return string.format("%s, %s", beat.device, beat.model:match("([^/\\]+)[/\\]*$") or beat.model)
end

local Window = {}
Window.__index = Window

-- Opens the window; `stays`: until it is closed, also when nothing is under way.
function progress.open(stays)
  local docked = store.get("window.dock") or 0
  gfx.init("Retone", WIDTH, HEIGHT, docked)
  gfx.setfont(1, "Arial", 15)
  if not stays then
    -- A window that nobody asked for leaves the keyboard to the project.
    reaper.SetCursorContext(ARRANGE, nil)
  end
  report.clear()
  report.drawing()
  local new = { stays = stays, docked = docked, look_at = 0, rows = {}, status = "", said = {}, idle_since = nil }
  return setmetatable(new, Window)
end

function Window:look()
  local now = reaper.time_precise()
  if now >= self.look_at then
    self.look_at = now + LOOK_SECONDS
    self.rows, self.status, self.said = progress.rows(), progress.status(), report.said()
    report.drawing()
  end
end

-- Whether the mouse was pressed on the Cancel button since the last tick.
function Window:pressed(left, top, right, bottom)
  local is_down = gfx.mouse_cap & 1 == 1
  local inside = gfx.mouse_x >= left and gfx.mouse_x < right and gfx.mouse_y >= top and gfx.mouse_y < bottom
  local pressed = is_down and not self.was_down and inside
  self.was_down = is_down
  return pressed
end

-- Writes a text on as many lines as it needs from y on; gives the y below it.
local function write_lines(text, y, right, of)
  local function fits(line)
    return gfx.measurestr(line) <= right - EDGE
  end
  for _, line in ipairs(words.lines(text, fits)) do
    write(line, EDGE, y, right, of)
    y = y + LINE
  end
  return y
end

-- Draws the line at the top and the Cancel button; gives the y below them.
function Window:draw_head()
  local left, right = gfx.w - EDGE - BUTTON, gfx.w - EDGE
  local y = write_lines(self.status, EDGE, #self.rows > 0 and left - EDGE or right, DIM)
  if #self.rows > 0 then
    colour(TROUGH)
    gfx.rect(left, EDGE - 3, BUTTON, 24)
    write("Cancel", left, EDGE, right, TEXT, CENTRED)
    if self:pressed(left, EDGE - 3, right, EDGE + 21) then
      ledger.cancel()
    end
  end
  return math.max(y + LINE // 2, EDGE + ROW)
end

-- Draws the jobs and, below them, what was said last.
function Window:draw_rows(y)
  for place, row in ipairs(self.rows) do
    if y + 2 * ROW > gfx.h and place < #self.rows then
      write(string.format("and %d more", #self.rows - place + 1), EDGE, y, gfx.w - EDGE, DIM)
      y = y + ROW
      break
    end
    write(row.name, EDGE, y, gfx.w * 0.62, TEXT)
    write(row.state, gfx.w * 0.64, y, gfx.w - EDGE, DIM)
    colour(TROUGH)
    gfx.rect(EDGE, y + 20, gfx.w - 2 * EDGE, 5)
    colour(BAR)
    gfx.rect(EDGE, y + 20, (gfx.w - 2 * EDGE) * row.fraction, 5)
    y = y + ROW
  end
  for place = #self.said, 1, -1 do
    y = write_lines(self.said[place], y, gfx.w - EDGE, TEXT) + LINE // 3
  end
end

-- Draws the window; false when it is closed. `is_busy`: the loop has work of its own.
function Window:draw(is_busy)
  local key = gfx.getchar()
  if key == CLOSED or key == ESCAPE then
    self:close()
    return false
  end
  self.docked = math.tointeger(gfx.dock(-1)) or 0
  self:look()
  colour(BACK)
  gfx.rect(0, 0, gfx.w, gfx.h)
  self:draw_rows(self:draw_head())
  gfx.update()
  if self.stays or is_busy or #self.rows > 0 or #self.said > 0 then
    self.idle_since = nil
    return true
  end
  self.idle_since = self.idle_since or reaper.time_precise()
  if reaper.time_precise() - self.idle_since > LINGER_SECONDS then
    self:close()
    return false
  end
  return true
end

-- Closes the window, not what is under way; where it was docked is remembered.
function Window:close()
  if self.is_closed then
    return
  end
  self.is_closed = true
  -- As it was when it was drawn last: a window that the user closed may not say it any more.
  store.put("window.dock", self.docked, true)
  report.closed()
  gfx.quit()
end

return progress
