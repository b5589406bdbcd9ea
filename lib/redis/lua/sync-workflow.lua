-- Registers a workflow of an app: metadata and cron triggers. A trigger that is new or changed is to be
-- planned anew (next tick 0); one that is unchanged keeps its plan; one that is gone loses it.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 app, 2 name, 3 ms after which another app's entry counts as abandoned, 4 number n of metadata
--       arguments, then n: field, value...; then per trigger 2: encoded id, definition (opaque)
-- Returns  1, or 0 where another living app has registered that name: nothing is written
-- Keys  workflows, workflow, alive, cronDef, cronNext, index, parked, run, begun, ready, bell
-- Cost  O(triggers * log n), and O(log n) per run that a raised limit makes ready
-- Twice  writes the same again
--- @include carry-on
--- @include clock
--- @include slots
--- @include slot-limit
--- @include last-seen
local most_unparked = 1000
local app, name = ARGV[1], ARGV[2]
local key = key_workflow(name)
local known = redis.call('HMGET', key, 'app', 'updatedAt', 'cronKeys', 'maxConcurrency')
if known[1] and known[1] ~= app and now - last_seen(known[1], name, known[2]) < tonumber(ARGV[3]) then return 0 end

local fields = { 'name', name, 'app', app, 'updatedAt', now_text }
local first_trigger = 5 + tonumber(ARGV[4])
for i = 5, first_trigger - 1 do fields[#fields + 1] = ARGV[i] end

local current, keys = {}, {}
for i = first_trigger, #ARGV, 2 do
  current[ARGV[i]] = true
  keys[#keys + 1] = ARGV[i]
  if redis.call('HGET', key_cronDef(), ARGV[i]) ~= ARGV[i + 1] then
    redis.call('HSET', key_cronDef(), ARGV[i], ARGV[i + 1])
    redis.call('ZADD', key_cronNext(), 0, ARGV[i])
  elseif not redis.call('ZSCORE', key_cronNext(), ARGV[i]) then
    redis.call('ZADD', key_cronNext(), 0, ARGV[i])
  end
end
for old in string.gmatch(known[3] or '', '%S+') do
  if not current[old] then
    redis.call('HDEL', key_cronDef(), old)
    redis.call('ZREM', key_cronNext(), old)
  end
end
fields[#fields + 1] = 'cronKeys'
fields[#fields + 1] = table.concat(keys, ' ')
redis.call('HSET', key, unpack(fields))
redis.call('SADD', key_workflows(), name)

-- A raised limit has slots that nobody has freed: without this they would pass by the runs that are parked.
local limit = tonumber(redis.call('HGET', key, 'maxConcurrency') or '1')
if limit > tonumber(known[4] or '1') then
  local free = limit - slots_held(name)
  for _ = 1, math.min(free, most_unparked) do free_slot(name) end
  unpark()
end
return 1
