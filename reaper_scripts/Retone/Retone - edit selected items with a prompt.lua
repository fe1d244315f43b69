-- @description Retone: edit selected items with a prompt
-- @author Retone's authors
-- @version 0.1.0
-- @about
--   Select items, type what they should sound like, and the edit lands on a track below.

local here = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = here .. "?.lua"
local loop = require("retone.loop")
local edit = require("retone.edit")

loop.start(edit.start)
