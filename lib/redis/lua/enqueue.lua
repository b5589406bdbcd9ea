-- Creates runs: hash, indexes, ready or scheduled entry, idempotency mapping; all or nothing. One that is alone is handed
-- to an idle worker at once.
--
-- KEYS  1 root of the keyspace
-- ARGV  per run 10: id, workflow, ':' and queue, max attempts, input, run at (ms), delay (ms), part of the
--       idempotency key, idempotency key, its time to live (ms); '' for what is not given. Or 3: '=', id, input, for one
--       that has workflow, queue and attempts of the one before, and nothing else
-- Returns  per run that was not made under its id, as there was one already, 4: its place in the call from 0, id of that
--          one, 1 if this call has completed it, its input otherwise
-- Keys  run, begun, steps (none), created, runWorkflows, index, ready, scheduled, bell, idempotency, workflow, standby, claim,
--       inbox, leases
-- Cost  O(log n) per run; the caller bounds the runs per call
-- Twice  a run that exists already under its id is left as it is
--- @include create-run
--- @include hand-over
local result, place, at, last = {}, 0, 1, #ARGV
local new = { parent = '', dependents = '' }
while at <= last do
  local id = ARGV[at]
  if id == '=' then
    id = ARGV[at + 1]
    new.id, new.input, new.run_at, new.delay, new.idempotency = id, ARGV[at + 2], '', '', ''
    at = at + 3
  else
    new.id, new.workflow, new.queue, new.max_attempts, new.input = id, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    new.run_at, new.delay, new.idempotency, new.idempotency_key, new.ttl = ARGV[at + 5], ARGV[at + 6], ARGV[at + 7], ARGV[at + 8], ARGV[at + 9]
    at = at + 10
  end
  local existing, created, input = create_run(new)
  if not created or existing ~= id then
    for _, value in ipairs({ place, existing, created and 1 or 0, not created and input or false }) do result[#result + 1] = value end
  end
  place = place + 1
end
commit()
for queue in pairs(rung) do
  if not hand_over(queue) then ring(queue) end
end
return result
