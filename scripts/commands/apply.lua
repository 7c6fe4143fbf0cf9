-- neap apply: do exactly what neap --plan recorded. Prints each change that was done.
-- Does nothing if something that the plan touches is not as it was. What fails half
-- way ends with 3; applied again, the plan goes on from there.
local cli = require "cli"

local _, names = cli.read[[
Usage:  neap apply FILE

Do what neap --plan FILE recorded
]]

local plan = system.open_plan(names[1])
local before = {}
for i, change in ipairs(plan.changes) do before[i] = change.done end
local _, err = try(plan.apply, plan)
for i, change in ipairs(plan.changes) do
  if change.done and not before[i] then
    print(("%s %s %s"):format(change.verb, change.kind, change.object))
  end
end
if err then error(err, 0) end
