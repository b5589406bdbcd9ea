-- The steps that wait for a run are kept in its hash as <parent>:<length of step>:<step>, one after the
-- other. Step names are data, so they are told apart by their length, not searched for.
local function dependent(parent, step) return parent .. ':' .. #step .. ':' .. step end

local function each_dependent(dependents, visit)
  local at = 1
  while at <= #dependents do
    local _, stop, parent, length = string.find(dependents, '^(%w+):(%d+):', at)
    if not stop then return end
    visit(parent, string.sub(dependents, stop + 1, stop + tonumber(length)))
    at = stop + tonumber(length) + 1
  end
end
