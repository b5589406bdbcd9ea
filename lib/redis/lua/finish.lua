-- Ends executions: succeeded, failed, canceled, or another attempt later. Status, indexes, lease,
-- slot, parents, waiting clients and retention in one go. A requested cancellation wins.
--
-- KEYS  1 root of the keyspace
-- ARGV  1-6 retention: age (ms) and count of succeeded, failed, canceled; '' for no limit;
--       then per run 5: id, token, outcome (succeeded, failed, canceled, retry), payload, delay (ms)
-- Returns  per run: the status that it has now, or 'lost'
-- Keys  run, steps, children, leases, index, expiring, created, scheduled, parked, ready, bell, cascades
-- Cost  O(log n) per run
-- Twice  a run that this token has finished answers its status again
--- @include carry-on
--- @include clock
--- @include batch
--- @include read-run
--- @include slots
--- @include schedule
--- @include settle-run
local retention = {
  succeeded = { ARGV[1], ARGV[2] },
  failed = { ARGV[3], ARGV[4] },
  canceled = { ARGV[5], ARGV[6] },
}

local function retry(id, run, workflow, payload, delay)
  local at = now + delay
  if delay > 0 then
    redis.call('HSET', key_run(id), 'status', 'scheduled', 'runAt', text(at), 'error', payload)
    later('ZADD', key_index(workflow, 'scheduled'), run[4], id)
    schedule(id, run[9], at)
    free_slot(workflow)
  else
    redis.call('HSET', key_run(id), 'status', 'queued', 'error', payload)
    later('ZADD', key_index(workflow, 'queued'), run[4], id)
    redis.call('RPUSH', key_ready(run[9]), id)
    ring(run[9])
  end
  later('ZREM', key_index(workflow, 'running'), id)
  return delay > 0 and 'scheduled' or 'queued'
end

local result = {}
for i = 7, #ARGV, 5 do
  local id, outcome, payload = ARGV[i], ARGV[i + 2], ARGV[i + 3]
  local run = read_run(id, 'status', 'token', 'workflow', 'createdAt', 'cancelRequestedAt', 'waiters', 'dependents', 'cancelReason', 'queue', 'keepChildren')
  local status = 'lost'
  if run and run[2] == ARGV[i + 1] and intact(run[1], run[3], run[9], run[4]) then
    status = run[1]
    if status == 'running' then
      if run[5] then outcome, payload = 'canceled', run[8] or '' end
      later('ZREM', key_leases(), id)
      if outcome == 'retry' then
        status = retry(id, run, run[3], payload, tonumber(ARGV[i + 4]))
      else
        free_slot(run[3])
        settle_run({
          id = id, from = 'running', workflow = run[3], created_at = run[4], waiters = run[6], dependents = run[7],
        }, outcome, payload, retention[outcome][1], retention[outcome][2])
        status = outcome
        if outcome == 'canceled' and not run[10] and redis.call('EXISTS', key_children(id)) == 1 then
          later('SADD', key_cascades(), id)
        end
      end
    end
  end
  result[#result + 1] = status
end
commit()
trim()
unpark()
return result
