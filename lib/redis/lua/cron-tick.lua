-- One tick of a trigger: starts its run and plans the next tick, if the trigger is still the same and
-- still due at that time. Whoever comes second, with or without the leadership, finds it changed.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 encoded id, 2 definition, 3 due time (0: plan only), 4 next tick (ms) or '' for none,
--       5 run id, 6 workflow, 7 input or ''
-- Returns  'fired', 'planned', 'skipped' (as many runs as maxConcurrency allows are running or waiting), 'stale'
-- Keys  cronDef, cronNext, workflow, index, run, begun, created, runWorkflows, ready, bell
-- Cost  O(log n)
-- Twice  the second call is stale
--- @include create-run
--- @include slot-limit
local trigger, due_at, workflow = ARGV[1], ARGV[3], ARGV[6]
local planned = redis.call('ZSCORE', key_cronNext(), trigger)
if planned ~= due_at or redis.call('HGET', key_cronDef(), trigger) ~= ARGV[2] then return 'stale' end
local result = 'planned'
if due_at ~= '0' then
  local limit = slot_limit(workflow)
  local busy = slots_held(workflow) + redis.call('ZCARD', key_index(workflow, 'waiting'))
  if busy >= limit then
    result = 'skipped'
  else
    create_run({
      id = ARGV[5], workflow = workflow, queue = '', max_attempts = '', input = ARGV[7], run_at = '', delay = '',
      idempotency = '', idempotency_key = '', ttl = '', parent = '', dependents = '',
    })
    result = 'fired'
  end
end
if ARGV[4] == '' then
  redis.call('ZREM', key_cronNext(), trigger)
else
  redis.call('ZADD', key_cronNext(), ARGV[4], trigger)
end
commit()
ring_queues()
return result
