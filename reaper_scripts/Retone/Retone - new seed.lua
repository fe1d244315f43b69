-- @description Retone: repeat last edit on selected items with a new seed
-- @noindex

local here = debug.getinfo(1, "S").source:match("^@?(.*[/\\])")
package.path = here .. "?.lua"
local loop = require("retone.loop")
local edit = require("retone.edit")

loop.start(function(self)
  edit.again(self, true)
end)
