--- @include clock
--- @include batch
--- @include read-run
--- @include slots
--- @include settle-run
-- Cancels a run: at once where it does not execute, else by request. `rule`: see retention_rule.
local function cancel_run(id, reason, keep_children, rule)
  local run = open_run(id, 'status', 'workflow', 'queue', 'createdAt', 'waiters', 'dependents', 'cancelRequestedAt')
  if not run or not intact(run[1], run[2], run[3], run[4]) then return 'missing' end
  local status, key = run[1], key_run(id)
  if status == 'succeeded' or status == 'failed' or status == 'canceled' then return 'unchanged' end
  if run[7] then return 'unchanged' end
  redis.call('HSET', key, 'cancelRequestedAt', now_text)
  if status == 'running' then
    if reason ~= '' then redis.call('HSET', key, 'cancelReason', reason) end
    if keep_children then redis.call('HSET', key, 'keepChildren', '1') end
    return 'requested'
  end
  -- A ready run leaves its entry in the list, where the claim drops it; what it stood for goes to the next.
  if status == 'queued' then
    if redis.call('ZREM', key_parked(run[2]), id) == 0 then free_slot(run[2]) end
  else
    redis.call('ZREM', key_scheduled(), id)
  end
  redis.call('HDEL', key, 'runAt')
  settle_run(id, run, status, 'canceled', reason, rule)
  if not keep_children and redis.call('EXISTS', key_children(id)) == 1 then redis.call('SADD', key_cascades(), id) end
  return 'canceled'
end
