-- @description Retone: A/B original and edit
-- @noindex

local here = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = here .. "?.lua"
require("retone.ab").toggle()
