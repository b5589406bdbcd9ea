-- Cron triggers: definition, plan and registration, and, if asked, what is provably wrong put right: a trigger
-- of a workflow that does not name it goes, one without a plan is planned anew.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 '1' to repair, then per trigger 2: encoded id, workflow
-- Returns  per trigger 3: 1 if it is defined, 1 if it is planned, 1 if its workflow names it
-- Keys  cronDef, cronNext, workflow
-- Cost  O(log n) per trigger, and O(triggers of its workflow)
-- Twice  finds everything in order
local repair = ARGV[1] == '1'
local result = {}
for i = 2, #ARGV, 2 do
  local trigger = ARGV[i]
  local defined = redis.pcall('HEXISTS', key_cronDef(), trigger) == 1 and 1 or 0
  local planned = type(redis.pcall('ZSCORE', key_cronNext(), trigger)) == 'string' and 1 or 0
  local names = redis.pcall('HGET', key_workflow(ARGV[i + 1]), 'cronKeys')
  names = type(names) == 'string' and names or ''
  local named = string.find(' ' .. names .. ' ', ' ' .. trigger .. ' ', 1, true) and 1 or 0
  if repair and named == 0 then
    redis.pcall('HDEL', key_cronDef(), trigger)
    redis.pcall('ZREM', key_cronNext(), trigger)
  elseif repair and defined == 1 and planned == 0 then
    redis.pcall('ZADD', key_cronNext(), 0, trigger)
  end
  result[#result + 1] = defined
  result[#result + 1] = planned
  result[#result + 1] = named
end
return result
