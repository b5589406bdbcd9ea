-- Creates runs: hash, indexes, ready or scheduled entry, idempotency mapping; all or nothing.
--
-- KEYS  1 root of the keyspace
-- ARGV  per run 10: id, workflow, ':' and queue, max attempts, input, run at (ms), delay (ms), part of the
--       idempotency key, idempotency key, its time to live (ms); '' for what is not given
-- Returns  per run that was not made under its id, as there was one already, 4: its place in the call from 0, id of that
--          one, 1 if this call has completed it, its input otherwise
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
  if not created or id ~= ARGV[i] then
    for _, value in ipairs({ (i - 1) / 10, id, created and 1 or 0, not created and input or false }) do result[#result + 1] = value end
  end
end
commit()
ring_queues()
return result
