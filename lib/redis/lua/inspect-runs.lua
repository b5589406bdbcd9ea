-- What the keyspace says of runs, each as of one instant: for checks that compare hash and indexes.
--
-- KEYS  1 root of the keyspace
-- ARGV  run ids
-- Returns  per run 1 array: type of its key, 1 if it is a run that can be read, then status, workflow, queue,
--          startedAt, finishedAt, attempt, maxAttempts, runAt ('' where missing), then its scores in created, the
--          index of its status, leases, scheduled, parked ('' where missing), 1 if its workflow is among
--          those of runs, now
-- Keys  run, begun, created, index, leases, scheduled, parked, runWorkflows
-- Cost  O(log n) per run
-- Twice  reads only
--- @include clock
--- @include read-run
--- @include run-status
local result = {}
for _, id in ipairs(ARGV) do
  local run, begun = read_run(id, 'status', 'workflow', 'queue', 'createdAt', 'startedAt', 'finishedAt', 'attempt', 'maxAttempts', 'runAt')
  run = run or {}
  local readable = intact(unpack(run, 1, 4)) and known[run[1]]
  local row = { redis.call('TYPE', key_run(id)).ok, readable and 1 or 0 }
  for _, i in ipairs({ 1, 2, 3, 5, 6, 7, 8, 9 }) do row[#row + 1] = run[i] or '' end
  local workflow = run[2] or ''
  local indexes = {
    key_created(), key_index(workflow, begun and 'queued' or run[1] or ''), key_leases(), key_scheduled(), key_parked(workflow),
  }
  for _, key in ipairs(indexes) do
    local score = redis.pcall('ZSCORE', key, id)
    row[#row + 1] = type(score) == 'string' and score or ''
  end
  -- The workflow has the lease of those that have begun, in whose lines the deadlines are.
  if begun and type(redis.pcall('ZSCORE', key_leases(), lease_of_begun(workflow))) == 'string' then row[13] = begun.deadline end
  row[#row + 1] = redis.pcall('SISMEMBER', key_runWorkflows(), workflow) == 1 and 1 or 0
  row[#row + 1] = now_text
  result[#result + 1] = row
end
return result
