-- @description Retone: start the service
-- @noindex

local here = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = here .. "?.lua"
local loop = require("retone.loop")
local control = require("retone.control")

loop.start(control.start_service)
