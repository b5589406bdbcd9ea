-- Says that an app is alive: keeps its workflows from becoming stale.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 app, then names
-- Returns  1, or 0 where one of them is not registered (any more): the app must sync again
-- Keys  workflow
-- Cost  O(names)
-- Twice  sets the time again
--- @include carry-on
--- @include clock
local complete = 1
for i = 2, #ARGV do
  local owner = redis.call('HGET', key_workflow(ARGV[i]), 'app')
  if owner == ARGV[1] then
    redis.call('HSET', key_workflow(ARGV[i]), 'updatedAt', now_text)
  else
    complete = 0
  end
end
return complete
