-- What the keyspace says of runs, each as of one instant: for checks that compare hash and indexes.
--
-- KEYS  1 root of the keyspace
-- ARGV  run ids
-- Returns  per run 1 array: type of its key, then status, workflow, queue, createdAt, startedAt, finishedAt,
--          attempt, maxAttempts, runAt, token ('' where missing), then the scores in created, leases,
--          scheduled, parked, expiring ('' where missing), statuses in whose index it is, number of
--          children it awaits, of these still active, now
-- Keys  run, created, leases, scheduled, parked, expiring, index, children
-- Cost  O(log n) per run, and per awaited child, of which at most 100 are looked at
-- Twice  reads only
--- @include clock
--- @include read-run
local statuses = { 'scheduled', 'queued', 'running', 'waiting', 'succeeded', 'failed', 'canceled' }
local ended = { succeeded = true, failed = true, canceled = true }

local function active_children(id)
  local count, active = 0, 0
  for _, child in ipairs(redis.call('SRANDMEMBER', key_children(id), 100)) do
    local run = read_run(child, 'status')
    count = count + 1
    if run and run[1] and not ended[run[1]] then active = active + 1 end
  end
  return count, active
end

local result = {}
for _, id in ipairs(ARGV) do
  local row = { redis.call('TYPE', key_run(id)).ok }
  local run = read_run(id, 'status', 'workflow', 'queue', 'createdAt', 'startedAt', 'finishedAt', 'attempt', 'maxAttempts', 'runAt', 'token') or {}
  for i = 1, 10 do row[#row + 1] = run[i] or '' end
  local workflow = run[2] or ''
  for _, key in ipairs({ key_created(), key_leases(), key_scheduled(), key_parked(workflow), key_expiring() }) do
    row[#row + 1] = redis.call('ZSCORE', key, id) or ''
  end
  local indexed = {}
  for _, status in ipairs(statuses) do
    if redis.call('ZSCORE', key_index(workflow, status), id) then indexed[#indexed + 1] = status end
  end
  row[#row + 1] = table.concat(indexed, ' ')
  local count, active = 0, 0
  if run[1] == 'waiting' then count, active = active_children(id) end
  row[#row + 1] = count
  row[#row + 1] = active
  row[#row + 1] = now_text
  result[#result + 1] = row
end
return result
