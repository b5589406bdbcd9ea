-- Says that an app is alive: keeps its workflows from becoming stale. Only some of them are looked up.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 app, 2 ms after which its signs of life are worth nothing, 3 number n of names to look up, then names: those
--       to look up first
-- Returns  1, or 0 where one that was looked up is not registered by the app (any more): it must sync again
-- Keys  alive, workflow
-- Cost  O(log n) per name
-- Twice  says it again
--- @include carry-on
--- @include clock
local app, last_looked_up = ARGV[1], 3 + tonumber(ARGV[3])
local complete, signs = 1, {}
for i = 4, #ARGV do
  if i > last_looked_up or redis.call('HGET', key_workflow(ARGV[i]), 'app') == app then
    signs[#signs + 1] = now_text
    signs[#signs + 1] = ARGV[i]
  else
    complete = 0
  end
end
if #signs > 0 then
  redis.call('ZADD', key_alive(app), unpack(signs))
  redis.call('PEXPIRE', key_alive(app), ARGV[2])
end
return complete
