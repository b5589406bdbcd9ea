-- Takes or renews the leadership of cron, and tells the leader which triggers are due or unplanned. The
-- leadership is only held around a tick; that a tick fires once is assured by cron-tick, not by it.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 leader id, 2 time to live of the leadership (ms), 3 most triggers, 4 ms from which on a tick is late
-- Returns  1 if leader, now, due time of the next trigger or '', ms for which another leads, then per trigger 3: encoded id, due time
--          (0: unplanned), definition
-- Keys  cronLock, cronNext, cronDef
-- Cost  O(log n + due triggers)
-- Twice  renews the leadership
--- @include carry-on
--- @include clock
local holder = redis.call('GET', key_cronLock())
local due = redis.call('ZRANGEBYSCORE', key_cronNext(), '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[3]))
local next_due = redis.call('ZRANGEBYSCORE', key_cronNext(), '(' .. now_text, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
-- What is late is for everybody: its leader may have vanished.
local late = due[2] and due[2] ~= '0' and now - tonumber(due[2]) >= tonumber(ARGV[4])
if holder and holder ~= ARGV[1] and not late then
  return { 0, now_text, next_due[2] or '', #due > 0 and redis.call('PTTL', key_cronLock()) or 0 }
end
if not late or not holder then redis.call('SET', key_cronLock(), ARGV[1], 'PX', ARGV[2]) end
local result = { 1, now_text, next_due[2] or '', 0 }
for i = 1, #due, 2 do
  local definition = redis.call('HGET', key_cronDef(), due[i])
  if definition then
    result[#result + 1] = due[i]
    result[#result + 1] = due[i + 1]
    result[#result + 1] = definition
  else
    redis.call('ZREM', key_cronNext(), due[i])
  end
end
return result
