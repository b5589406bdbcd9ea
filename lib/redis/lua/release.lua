-- Gives a run back unfinished, without counting an attempt: at a shutdown, or because its worker does
-- not know the workflow.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 run id, 2 token, 3 'ready' or 'orphan'
-- Returns  'released', 'lost', or 'unregistered': an orphan that no worker could ever take; it is kept
-- Keys  run, begun, leases, index, ready, bell, orphans, parked, workflow
-- Cost  O(log n)
-- Twice  a run that this token no longer owns is left alone
--- @include carry-on
--- @include clock
--- @include read-run
--- @include slots
local id, token, target = ARGV[1], ARGV[2], ARGV[3]
local run = open_run(id, 'status', 'token', 'workflow', 'queue', 'createdAt', 'cancelRequestedAt')
if not run or run[1] ~= 'running' or run[2] ~= token or not intact(run[1], run[3], run[4], run[5]) then return 'lost' end
-- A run that is to be canceled must not execute again: its lease ends now, and the recovery settles it.
if run[6] then
  redis.call('HSET', key_run(id), 'token', '')
  redis.call('ZADD', key_leases(), now_text, id)
  return 'released'
end
if target == 'orphan' and redis.call('EXISTS', key_workflow(run[3])) == 0 then return 'unregistered' end
redis.call('HSET', key_run(id), 'status', 'queued', 'resume', '1', 'token', '')
redis.call('ZREM', key_leases(), id)
redis.call('ZREM', key_index(run[3], 'running'), id)
redis.call('ZADD', key_index(run[3], 'queued'), run[5], id)
-- A run that is ready again stands for its own slot; an orphan leaves it to the next.
if target == 'orphan' then
  redis.call('RPUSH', key_orphans(), id)
  free_slot(run[3])
  unpark()
else
  redis.call('LPUSH', key_ready(run[4]), id)
end
ring(run[4])
return 'released'
