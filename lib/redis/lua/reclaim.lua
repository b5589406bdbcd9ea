-- Recovers runs whose lease has expired: ready again, without counting an attempt; canceled where that
-- was requested; failed where they were recovered too often.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 most runs, 2 most recoveries, 3 error of a run recovered too often (opaque),
--       4-5 retention of failed: age (ms), count, 6-7 of canceled; '' for no limit
-- Returns  now, deadline of the next lease or '', 1 if more is left, number recovered, their ids..., ids of the failed...
-- Keys  leases, run, begun, steps, children, workflow, index, runWorkflows, parked, ready, bell, expiring, retention, created, cascades
-- Cost  O(log n) per run, and where a claim has left lines whose leases could have expired, O(lines of the workflow): as many
--       as it has begun in the last half second
-- Twice  a recovered run has no lease
--- @include carry-on
--- @include clock
--- @include batch
--- @include read-run
--- @include slots
--- @include settle-run
local limit, most = tonumber(ARGV[1]), tonumber(ARGV[2])

-- Of the runs of which their claims have left no more than a line, those whose lease has expired; and when that of another
-- one could.
local function expired_lines(workflow, room)
  local found, first, cursor = {}, math.huge, '0'
  repeat
    local page = redis.pcall('HSCAN', key_begun(workflow), cursor, 'COUNT', 500)
    if page.err then return {}, math.huge end
    cursor = page[1]
    for i = 1, #page[2], 2 do
      local begun = parse_begun(page[2][i + 1])
      local deadline = begun and tonumber(begun.deadline) or 0
      if deadline <= now then found[#found + 1] = page[2][i] else first = math.min(first, deadline) end
    end
  until cursor == '0' or #found > room
  return found, #found > room and now or first
end

-- The runs whose lease has expired; of those of a line, also the workflow.
local expired, more = {}, 0
local function look_at(workflow)
  local found, first = expired_lines(workflow, limit - #expired)
  for i = 1, math.min(#found, limit - #expired) do expired[#expired + 1] = { found[i], workflow } end
  -- Where none stays, it goes with the last one; unless there is none at all, by no doing of a script.
  if #found == 0 and first == math.huge then redis.call('ZREM', key_leases(), lease_of_begun(workflow)) end
  if first ~= math.huge then redis.call('ZADD', key_leases(), 'XX', text(first), lease_of_begun(workflow)) end
end
local leases = redis.call('ZRANGEBYSCORE', key_leases(), '-inf', now_text, 'LIMIT', 0, limit)
for _, member in ipairs(leases) do
  if #expired == limit then break end
  if is_lease_of_begun(member) then look_at(string.sub(member, 2)) else expired[#expired + 1] = { member } end
end
if #leases == limit or #expired == limit then more = 1 end
local failed_rule, canceled_rule = retention_rule(ARGV[4], ARGV[5]), retention_rule(ARGV[6], ARGV[7])
local recovered, poisoned = {}, {}

local function recover(id, run, recoveries)
  redis.call('HSET', key_run(id), 'status', 'queued', 'resume', '1', 'token', '', 'recoveries', text(recoveries))
  later('ZREM', key_index(run[2], 'running'), id)
  later('ZADD', key_index(run[2], 'queued'), run[4], id)
  redis.call('LPUSH', key_ready(run[3]), id)
  ring(run[3])
  recovered[#recovered + 1] = id
end

-- The failure handler is owed before the run ends: once, it gets an execution that finds the error and runs
-- nothing else.
local function owes_failure_handler(id, workflow)
  if redis.call('HGET', key_workflow(workflow), 'onFailure') ~= '1' then return false end
  return redis.pcall('HSETNX', key_steps(id), 'f', ARGV[3]) == 1
end

-- What is no running run holds no slot: it is taken out of whichever index of running runs has it.
local function drop_holder(id)
  for _, workflow in ipairs(redis.call('SMEMBERS', key_runWorkflows())) do
    if redis.call('ZREM', key_index(workflow, 'running'), id) == 1 then free_slot(workflow) end
  end
end

-- What is no running run anymore, but has left a line, holds a slot by it, and is among the queued runs.
local function drop_line(id, workflow, status)
  if redis.call('HDEL', key_begun(workflow), id) == 0 then return end
  drop_lease_of_begun(workflow)
  if status ~= 'queued' then redis.call('ZREM', key_index(workflow, 'queued'), id) end
  free_slot(workflow)
end

for _, lease in ipairs(expired) do
  local id, workflow = lease[1], lease[2]
  local run = open_run(id, 'status', 'workflow', 'queue', 'createdAt', 'waiters', 'dependents', 'recoveries', 'cancelRequestedAt', 'cancelReason', 'keepChildren')
  redis.call('ZREM', key_leases(), id)
  if not run or run[1] ~= 'running' or not intact(unpack(run, 1, 4)) then
    if workflow then drop_line(id, workflow, run and run[1]) else drop_holder(id) end
  else
    local recoveries = (tonumber(run[7] or '0') or 0) + 1
    if run[8] then
      free_slot(run[2])
      redis.call('HSET', key_run(id), 'token', '')
      settle_run(id, run, 'running', 'canceled', run[9] or '', canceled_rule)
      if not run[10] and redis.call('EXISTS', key_children(id)) == 1 then redis.call('SADD', key_cascades(), id) end
    elseif recoveries > most and not owes_failure_handler(id, run[2]) then
      free_slot(run[2])
      redis.call('HSET', key_run(id), 'token', '', 'recoveries', text(recoveries))
      settle_run(id, run, 'running', 'failed', ARGV[3], failed_rule)
      poisoned[#poisoned + 1] = id
    else
      recover(id, run, recoveries)
    end
  end
end
commit()
trim()
unpark()
local head = redis.call('ZRANGE', key_leases(), 0, 0, 'WITHSCORES')
local result = { now_text, head[2] or '', more, #recovered }
for _, id in ipairs(recovered) do result[#result + 1] = id end
for _, id in ipairs(poisoned) do result[#result + 1] = id end
return result
