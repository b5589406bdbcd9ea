-- Removes the workflows of an app that it no longer registers, with their triggers. Runs stay.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 app, 2 age (ms) from which an entry is stale, then the names that are registered
-- Returns  the names that were removed
-- Keys  workflows, workflow, alive, cronDef, cronNext
-- Cost  O(registered workflows)
-- Twice  what is gone is gone
--- @include clock
--- @include last-seen
local kept = {}
for i = 3, #ARGV do kept[ARGV[i]] = true end
local removed = {}
for _, name in ipairs(redis.call('SMEMBERS', key_workflows())) do
  if not kept[name] then
    local known = redis.call('HMGET', key_workflow(name), 'app', 'updatedAt', 'cronKeys')
    local is_own = known[1] == ARGV[1] or not known[1]
    if is_own and now - last_seen(ARGV[1], name, known[2]) >= tonumber(ARGV[2]) then
      for trigger in string.gmatch(known[3] or '', '%S+') do
        redis.call('HDEL', key_cronDef(), trigger)
        redis.call('ZREM', key_cronNext(), trigger)
      end
      redis.call('DEL', key_workflow(name))
      redis.call('SREM', key_workflows(), name)
      removed[#removed + 1] = name
    end
  end
end
return removed
