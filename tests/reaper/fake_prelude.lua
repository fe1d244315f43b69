-- What REAPER's Lua has around a script, made of a few functions of the fake: nothing of Python stays within reach.
-- host.call(name, on the main chunk, arguments...) gives true and the results, or false and what is wrong.

local host = ...
local call, status = host.call, host.status

python = nil
package.loaded.python = nil
package.path, package.cpath = "", ""

local main_type = type
local arrays = setmetatable({}, { __mode = "k" })
function type(...)
  if select("#", ...) > 0 and arrays[(...)] then return "userdata" end
  return main_type(...)
end

-- A call's error stands at the line of the script that made it.
local function pass(ok, ...)
  if ok then return ... end
  error((...), 2)
end

local function bound(name)
  return function(...)
    local _, main = coroutine.running()
    return pass(call(name, main, ...))
  end
end

local function fail(name, what)
  error(host.wrong(name, what), 3)
end

-- reaper.array: a table with bounds. What was never written is no silence.
local UNWRITTEN, MOST = 123.456, 4194304

local function new_array(first, size)
  local from
  if main_type(first) == "table" then from = first
  else size = size or first end
  local function whole(value, what)
    if math.type(value) ~= "integer" and not (math.type(value) == "float" and value == value // 1) then
      fail("reaper.array", what .. ": a whole number expected, got " .. tostring(value))
    end
    return value // 1 | 0
  end
  local length = whole(size or #from, "size")
  if length < 1 or length > MOST then fail("reaper.new_array", "size " .. length .. " is outside 1 to " .. MOST) end
  local alloc, cells = length, {}
  for index = 1, length do cells[index] = from and from[index] or UNWRITTEN end
  local array, methods = {}, {}
  -- The offset and size of a call, kept inside.
  local function range(offset, count)
    offset = whole(offset or 1, "offset")
    if offset < 1 or offset > length then fail("reaper.array", "offset " .. offset .. " is outside 1 to " .. length) end
    count = whole(count or length - offset + 1, "size")
    if count < 0 or offset + count - 1 > length then fail("reaper.array", "size " .. count .. " is out of bounds") end
    return offset, count
  end
  function methods.clear(value, offset, count)
    if value ~= nil and main_type(value) ~= "number" then fail("reaper.array.clear", "the value is no number; methods take a dot") end
    local first_cell, cells_count = range(offset, count)
    value = (value or 0) + 0.0
    for index = first_cell, first_cell + cells_count - 1 do cells[index] = value end
    return true
  end
  function methods.table(offset, count)
    if offset ~= nil and main_type(offset) ~= "number" then fail("reaper.array.table", "the offset is no number; methods take a dot") end
    local first_cell, cells_count = range(offset, count)
    return table.move(cells, first_cell, first_cell + cells_count - 1, 1, {})
  end
  function methods.copy(source, source_offset, count, offset)
    local at = source_offset or 1
    local many = count or math.min(#source - at + 1, length - (offset or 1) + 1)
    local first_cell, cells_count = range(offset or 1, many)
    for index = 0, cells_count - 1 do cells[first_cell + index] = source[at + index] + 0.0 end
    return cells_count
  end
  function methods.resize(count)
    count = whole(count, "size")
    if count < 0 or count > alloc then fail("reaper.array.resize", "size " .. count .. " is outside 0 to " .. alloc) end
    for index = length + 1, count do cells[index] = UNWRITTEN end
    length = count
    return true
  end
  function methods.get_alloc() return alloc end
  setmetatable(array, {
    __len = function() return length end,
    __index = function(_, key)
      if math.type(key) == "integer" then
        if key < 1 or key > length then fail("reaper.array", "index " .. key .. " is outside 1 to " .. length) end
        return cells[key]
      end
      if methods[key] and host.array_methods[key] then return methods[key] end
      fail("reaper.array", tostring(key) .. " is no method that the table knows")
    end,
    __newindex = function(_, key, value)
      if math.type(key) ~= "integer" or key < 1 or key > length then
        fail("reaper.array", "index " .. tostring(key) .. " is outside 1 to " .. length)
      end
      if main_type(value) ~= "number" then fail("reaper.array", "only numbers go into an array") end
      cells[key] = value + 0.0
    end,
    __metatable = false,
  })
  arrays[array] = cells
  return array
end

host.array_cells = function(array) return arrays[array] end
host.array_put = function(array, values, count)
  table.move(values, 1, count, 1, arrays[array])
end

local function strict(calls, prefix)
  return setmetatable(calls, {
    __index = function(_, name)
      local made = main_type(name) == "string" and status(prefix .. name)
      if made == "absent" then return nil end
      fail(prefix .. tostring(name), "is not known: a mistyped name, or one that tests/reaper/api.json does not have")
    end,
    __newindex = function(_, name) fail(prefix .. tostring(name), "is not a script's to set") end,
    __metatable = false,
  })
end

reaper, gfx = {}, {}
for _, name in ipairs(host.names) do
  local space, short = name:match("^(%a+)%.(.+)$")
  if space == "gfx" then gfx[short] = bound(name) else reaper[short] = bound(name) end
end
if reaper.new_array then reaper.new_array = new_array end
if reaper.defer then
  local checked = reaper.defer
  function reaper.defer(...)
    checked(...)
    host.defer((...))
  end
  reaper.runloop = reaper.defer
end
for _, field in ipairs { "x", "y", "w", "h", "r", "g", "b", "a", "a2", "mode", "dest", "clear", "texth", "mouse_x", "mouse_y",
  "mouse_wheel", "mouse_hwheel", "mouse_cap", "ext_retina" } do
  gfx[field] = 0.0
end
local fields = gfx
strict(reaper, "reaper.")
strict(gfx, "gfx.")

os.exit = function() fail("os.exit", "would end REAPER") end
print = function() fail("print", "goes nowhere in REAPER; use reaper.ShowConsoleMsg") end
os.getenv = host.getenv
local os_time = os.time
os.time = function(when)
  if when then return os_time(when) end
  return host.seconds()
end

-- Files: with Windows' paths where Windows is played, its code page (Latin-1 here), which C's own calls take where io.open
-- takes UTF-8 too, and its refusal to rename onto what is there.
local open, rename, remove = io.open, os.rename, os.remove
local function of_code_page(path)
  if host.windows() then
    path = path:gsub("\\", "/"):gsub("[\x80-\xff]", function(byte) return utf8.char(byte:byte()) end)
  end
  return path
end
local function real(path)
  if host.windows() and utf8.len(path) then return (path:gsub("\\", "/")) end
  return of_code_page(path)
end
io.open = function(path, mode)
  if not (mode or "r"):find("b", 1, true) then fail("io.open", "text mode changes bytes on Windows; add b to the mode") end
  local file, why, number = open(real(path), mode)
  if not file and host.windows() and path:find("[\x80-\xff]") then
    number = 42 -- EILSEQ: C tries the path in the code page too, in which it may be no text.
  end
  return file, why, number
end
os.rename = function(from, to)
  if host.windows() then
    local there = open(of_code_page(to), "rb")
    if there then
      there:close()
      return nil, to .. ": File exists", 17
    end
  end
  return rename(of_code_page(from), of_code_page(to))
end
os.remove = function(path) return remove(of_code_page(path)) end
os.execute = function(command)
  if host.windows() then fail("os.execute", "shows a terminal window on Windows: " .. tostring(command)) end
  return host.shell(command)
end
io.popen = function(command) fail("io.popen", "shows a terminal window on Windows: " .. tostring(command)) end

setmetatable(_G, {
  __index = function(_, name) fail(tostring(name), "is an undefined global") end,
  __newindex = function(_, name) fail(tostring(name), "would become a global") end,
})

return {
  -- Runs f and tells how it went, with where it went wrong.
  protected = function(f, ...)
    return xpcall(f, function(problem) return debug.traceback(tostring(problem), 2) end, ...)
  end,
  load = loadfile,
  chunk = function(text, name) return load(text, "=" .. name) end,
  set = function(field, value) rawset(fields, field, value) end,
  get = function(field) return rawget(fields, field) end,
}
