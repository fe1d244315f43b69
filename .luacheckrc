-- The scripts run in REAPER 6 (Lua 5.3) and 7 (Lua 5.4).
std = "lua53"
read_globals = { "reaper" }
globals = { "gfx" }
max_line_length = 120
