--- @include clock
--- @include batch
--- @include read-run
--- @include slots
--- @include schedule
--- @include settle-run
-- Ends executions: `finish_runs(first, last, retention_at)` reads per run 5 arguments from `first` to `last`: id,
-- token, outcome (succeeded, failed, canceled, retry), payload, delay (ms); and at `retention_at` 6: age (ms) and
-- count of succeeded, failed, canceled. Returns per run the status that it has now, or 'lost'.
local function retry(id, run, payload, delay)
  local workflow, queue, at = run[2], run[3], now + delay
  if delay > 0 then
    redis.call('HSET', key_run(id), 'status', 'scheduled', 'runAt', text(at), 'error', payload)
    later('ZADD', key_index(workflow, 'scheduled'), run[4], id)
    schedule(id, queue, at)
    free_slot(workflow)
  else
    redis.call('HSET', key_run(id), 'status', 'queued', 'error', payload)
    later('ZADD', key_index(workflow, 'queued'), run[4], id)
    redis.call('RPUSH', key_ready(queue), id)
    ring(queue)
  end
  later('ZREM', key_index(workflow, 'running'), id)
  return delay > 0 and 'scheduled' or 'queued'
end

local function cancel_requested(id)
  return unpack(redis.call('HMGET', key_run(id), 'cancelReason', 'keepChildren'))
end

local function end_run(id, run, outcome, payload, rules)
  local keeps_children
  if run[8] then
    outcome, payload, keeps_children = 'canceled', cancel_requested(id)
  end
  free_slot(run[2])
  settle_run(id, run, 'running', outcome, payload or '', rules[outcome])
  if outcome == 'canceled' and not keeps_children and redis.call('EXISTS', key_children(id)) == 1 then
    later('SADD', key_cascades(), id)
  end
  return outcome
end

local function finish_runs(first, last, retention_at)
  local rules = {
    succeeded = retention_rule(ARGV[retention_at], ARGV[retention_at + 1]),
    failed = retention_rule(ARGV[retention_at + 2], ARGV[retention_at + 3]),
    canceled = retention_rule(ARGV[retention_at + 4], ARGV[retention_at + 5]),
  }
  local result, leases = {}, entries_of('ZREM', key_leases())
  for i = first, last, 5 do
    local id, outcome = ARGV[i], ARGV[i + 2]
    local run = read_run(id, 'status', 'workflow', 'queue', 'createdAt', 'waiters', 'dependents', 'token', 'cancelRequestedAt')
    local status = 'lost'
    if run and run[7] == ARGV[i + 1] and intact(run[1], run[2], run[3], run[4]) then
      status = run[1]
      if status == 'running' then
        leases[#leases + 1] = id
        if outcome == 'retry' and not run[8] then
          status = retry(id, run, ARGV[i + 3], tonumber(ARGV[i + 4]))
        else
          status = end_run(id, run, outcome, ARGV[i + 3], rules)
        end
      end
    end
    result[#result + 1] = status
  end
  commit()
  trim()
  unpark()
  return result
end
