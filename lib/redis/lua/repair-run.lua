-- Makes the indexes agree with the hash of a run, which alone is trusted: what is provably safe. A running
-- run without a lease gets one that has expired, so that it is recovered like any other. Of a run that is
-- gone every trace is removed; one that cannot be read is left alone.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 run id
-- Returns  1, or 0 for a run that was left alone
-- Keys  run, begun, steps, children, created, leases, scheduled, parked, index, runWorkflows, cascades, bell
-- Cost  O(log n)
-- Twice  finds everything in order
--- @include clock
--- @include read-run
--- @include run-status
--- @include ring
local id = ARGV[1]
if redis.call('EXISTS', key_run(id)) == 0 then
  for _, key in ipairs({ key_created(), key_leases(), key_scheduled() }) do redis.call('ZREM', key, id) end
  redis.call('UNLINK', key_steps(id))
  -- Children that are still to be canceled with it are found by what it leaves.
  if redis.call('SISMEMBER', key_cascades(), id) == 0 then redis.call('UNLINK', key_children(id)) end
  return 1
end

local run = open_run(id, 'status', 'workflow', 'queue', 'createdAt', 'runAt')
if not run or not intact(run[1], run[2], run[3], run[4]) or not known[run[1]] then return 0 end
local status, workflow, queue, created_at = run[1], run[2], run[3], run[4]
for _, each in ipairs(statuses) do
  if each ~= status then redis.call('ZREM', key_index(workflow, each), id) end
end
redis.call('ZADD', key_index(workflow, status), created_at, id)
redis.call('ZADD', key_created(), created_at, id)
redis.call('SADD', key_runWorkflows(), workflow)
if status == 'running' then
  redis.call('ZADD', key_leases(), 'NX', now_text, id)
else
  redis.call('ZREM', key_leases(), id)
end
if status == 'scheduled' then
  redis.call('ZADD', key_scheduled(), 'NX', tonumber(run[5]) and run[5] or now_text, id)
  ring(queue)
elseif status ~= 'waiting' then
  redis.call('ZREM', key_scheduled(), id)
end
if status ~= 'queued' then redis.call('ZREM', key_parked(workflow), id) end
return 1
