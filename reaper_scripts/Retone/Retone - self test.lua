-- @description Retone: self test
-- @noindex

local here = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = here .. "?.lua"
local loop = require("retone.loop")
local self_test = require("retone.self_test")

loop.start(self_test.start)
