--- @include clock
--- @include batch
--- @include read-run
--- @include run-status
--- @include slots
--- @include schedule
--- @include settle-run
-- Ends executions: `finish_runs(first, last, retention_at)` reads per run 6 arguments from `first` to `last`: outcome
-- (succeeded, failed, canceled, retry), id, token, workflow, payload, delay (ms), or 3: '=', id, payload, for one that has
-- succeeded, of the token and the workflow of the one before; and at `retention_at` 6: age (ms) and count of succeeded, failed, canceled. Returns
-- how many there were, and per run whose status is not its outcome 2: its place from 0, the status that it has now, or
-- 'lost'.
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

local function ending_of(begun)
  begun.ending = begun.ending or { 'running', begun.workflow, '', begun.createdAt, false, false, begun.token, false, started_at = begun.startedAt }
  return begun.ending
end

-- What its claim has left says all that the end of a run needs to know, as whoever adds to that writes it into the hash.
-- Where a call names a run twice, it was true for the first time only.
local seen = {}
local function read_ending(id, line, outcome)
  local begun = not seen[id] and parse_begun(line)
  seen[id] = true
  if begun and (outcome == 'succeeded' or outcome == 'failed') then return ending_of(begun) end
  return open_run(id, 'status', 'workflow', 'queue', 'createdAt', 'waiters', 'dependents', 'token', 'cancelRequestedAt')
end

local function cancel_requested(id)
  return unpack(redis.call('HMGET', key_run(id), 'cancelReason', 'keepChildren'))
end

local function end_run(id, run, outcome, payload, rules)
  local keeps_children
  if run[8] then
    outcome, payload, keeps_children = 'canceled', cancel_requested(id)
  end
  if not settle_run(id, run, 'running', outcome, payload or '', rules[outcome]) then return 'lost' end
  free_slot(run[2])
  if run.started_at then later('HDEL', key_begun(run[2]), id) end
  if outcome == 'canceled' and not keeps_children and redis.call('EXISTS', key_children(id)) == 1 then
    later('SADD', key_cascades(), id)
  end
  return outcome
end

local leases = entries_of('ZREM', key_leases())

-- One execution ends. Returns the status that its run has now, or 'lost'.
local function finish_run(ending, line, rules)
  local id, outcome = ending.id, ending.outcome
  local run = read_ending(id, line, outcome)
  if not run or run[7] ~= ending.token or not intact(run[1], run[2], run[3], run[4]) then return 'lost' end
  -- Of a status that is none, the run is nobody's: its worker could not tell what came of it, nor of those in the same call.
  if run[1] ~= 'running' then return known[run[1]] and run[1] or 'lost' end
  local status
  if outcome == 'retry' and not run[8] then
    status = retry(id, run, ending.payload, tonumber(ending.delay))
  else
    status = end_run(id, run, outcome, ending.payload, rules)
  end
  if status ~= 'lost' and not run.started_at then leases[#leases + 1] = id end
  return status
end

-- The ids and what their claims have left, in their order, and the workflows. As a rule, runs that follow each other are of
-- one workflow.
local function read_endings(first, last)
  local ids, count, lines, workflows, workflow, from = {}, 0, {}, {}, nil, 1
  local function read_lines()
    if from > count then return end
    local reply = redis.call('HMGET', key_begun(workflow), unpack(ids, from, count))
    for i = from, count do lines[i] = reply[i - from + 1] end
    from = count + 1
  end
  while first <= last do
    local size = 3
    if ARGV[first] ~= '=' then
      size = 6
      if ARGV[first + 3] ~= workflow then
        read_lines()
        workflow = ARGV[first + 3]
        workflows[workflow] = true
      end
    end
    count = count + 1
    ids[count] = ARGV[first + 1]
    first = first + size
  end
  read_lines()
  return ids, count, lines, workflows
end

local function finish_runs(first, last, retention_at)
  local rules = {
    succeeded = retention_rule(ARGV[retention_at], ARGV[retention_at + 1]),
    failed = retention_rule(ARGV[retention_at + 2], ARGV[retention_at + 3]),
    canceled = retention_rule(ARGV[retention_at + 4], ARGV[retention_at + 5]),
  }
  local ids, count, lines, workflows = read_endings(first, last)
  local result, at, ending = { count }, first, {}
  for place = 1, count do
    ending.id = ids[place]
    if ARGV[at] == '=' then
      ending.outcome, ending.payload = 'succeeded', ARGV[at + 2]
      at = at + 3
    else
      ending.outcome, ending.token, ending.payload, ending.delay = ARGV[at], ARGV[at + 2], ARGV[at + 4], ARGV[at + 5]
      at = at + 6
    end
    local status = finish_run(ending, lines[place], rules)
    if status ~= ending.outcome then
      result[#result + 1] = place - 1
      result[#result + 1] = status
    end
  end
  commit()
  for workflow in pairs(workflows) do drop_lease_of_begun(workflow) end
  trim()
  unpark()
  return result
end
