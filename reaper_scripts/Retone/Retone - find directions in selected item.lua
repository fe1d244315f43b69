-- @description Retone: find directions in selected item
-- @noindex

local here = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = here .. "?.lua"
local loop = require("retone.loop")
local find = require("retone.find")

loop.start(find.start)
