-- Whether the ended runs of workflows would be kept for ever.
--
-- KEYS  1 root of the keyspace
-- ARGV  per index 2: workflow, status
-- Returns  per index: 1 if it has runs, and no look for those to be removed is planned, else 0
-- Keys  index, expiring
-- Cost  O(1) per index
-- Twice  reads only
local result = {}
for i = 1, #ARGV, 2 do
  local plan = redis.pcall('ZSCORE', key_expiring(), ARGV[i] .. ':' .. ARGV[i + 1])
  local kept = type(plan) ~= 'string' and redis.call('EXISTS', key_index(ARGV[i], ARGV[i + 1])) == 1
  result[#result + 1] = kept and 1 or 0
end
return result
