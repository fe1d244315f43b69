-- @description Retone: edit selected items with a prompt
-- @author The Retone authors
-- @version 0.1.0
-- @changelog
--   The first release.
-- @provides
--   [main] Retone - *.lua
--   [nomain] retone/*.lua
-- @about
--   Select items, run the action and type what they should sound like: the edit lands on a track below, in time and at
--   the item's own rate, and the original stays as it was. Other actions find directions in an item and take it along
--   them, repeat the last edit, compare, and cancel.
--
--   The scripts talk with Retone's service on this machine, which is installed apart from them and starts with
--   "retone serve" in a terminal, or whenever you log in after "retone install login". Nothing is uploaded.

local here = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = here .. "?.lua"
local loop = require("retone.loop")
local edit = require("retone.edit")

loop.start(edit.start)
