-- Makes the indexes agree with the hash of a run, which alone is trusted: what is provably safe. A running
-- run without a lease gets one that has expired, so that it is recovered like any other.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 run id
-- Returns  the status that was found, or '' for a run that is gone or no run: every trace of it is removed
-- Keys  run, steps, children, created, leases, scheduled, parked, expiring, index, ready, orphans, bell
-- Cost  O(log n), for a queued run O(length of the ready list)
-- Twice  finds everything in order
--- @include clock
--- @include read-run
--- @include ring
local id = ARGV[1]
local run = read_run(id, 'status', 'workflow', 'queue', 'createdAt', 'runAt')
local whole = run and run[1] and run[2] and run[3] and run[4]
if not whole then
  for _, key in ipairs({ key_created(), key_leases(), key_scheduled(), key_expiring() }) do redis.call('ZREM', key, id) end
  if redis.call('EXISTS', key_run(id)) == 0 then redis.call('UNLINK', key_steps(id), key_children(id)) end
  return ''
end

local status, workflow, queue, created_at = run[1], run[2], run[3], run[4]
local ended = status == 'succeeded' or status == 'failed' or status == 'canceled'
for _, each in ipairs({ 'scheduled', 'queued', 'running', 'waiting', 'succeeded', 'failed', 'canceled' }) do
  if each ~= status then redis.call('ZREM', key_index(workflow, each), id) end
end
redis.call('ZADD', key_index(workflow, status), created_at, id)
redis.call('ZADD', key_created(), created_at, id)
redis.call('SADD', key_runWorkflows(), workflow)
if not ended then redis.call('ZREM', key_expiring(), id) end
if status == 'running' then
  redis.call('ZADD', key_leases(), 'NX', now_text, id)
else
  redis.call('ZREM', key_leases(), id)
end
if status == 'scheduled' then
  redis.call('ZADD', key_scheduled(), 'NX', run[5] or now_text, id)
  ring(queue)
elseif status ~= 'waiting' then
  redis.call('ZREM', key_scheduled(), id)
end
if status ~= 'queued' then
  redis.call('ZREM', key_parked(workflow), id)
elseif not redis.call('ZSCORE', key_parked(workflow), id)
  and not redis.call('LPOS', key_ready(queue), id)
  and not redis.call('LPOS', key_orphans(), id) then
  redis.call('RPUSH', key_ready(queue), id)
  ring(queue)
end
return status
