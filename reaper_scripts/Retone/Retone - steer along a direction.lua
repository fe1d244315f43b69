-- @description Retone: steer along a direction
-- @noindex

local here = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = here .. "?.lua"
local loop = require("retone.loop")
local steer = require("retone.steer")

loop.start(steer.start)
