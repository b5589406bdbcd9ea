-- Creates runs: hash, indexes, ready or scheduled entry, idempotency mapping; all or nothing.
--
-- KEYS  1 root of the keyspace
-- ARGV  per run 10: id, workflow, ':' and queue, max attempts, input, run at (ms), delay (ms), part of the
--       idempotency key, idempotency key, its time to live (ms); '' for what is not given
-- Returns  per run 3: id, 1 if this call made it, the input of the run that was found instead
-- Keys  run, steps (none), created, runWorkflows, index, ready, scheduled, bell, idempotency, workflow
-- Cost  O(log n) per run; the caller bounds the runs per call
-- Twice  a run that exists already under its id is left as it is
--- @include create-run
local result = {}
for i = 1, #ARGV, 10 do
  local id, created, input = create_run({
    id = ARGV[i], workflow = ARGV[i + 1], queue = ARGV[i + 2], max_attempts = ARGV[i + 3], input = ARGV[i + 4],
    run_at = ARGV[i + 5], delay = ARGV[i + 6], idempotency = ARGV[i + 7], idempotency_key = ARGV[i + 8],
    ttl = ARGV[i + 9], parent = '', dependents = '',
  })
  result[#result + 1] = id
  result[#result + 1] = created and 1 or 0
  result[#result + 1] = (not created and input) or false
end
commit()
ring_queues()
return result
