-- Stores what steps have come to: one field per step, written by the owner of the run only.
--
-- KEYS  1 root of the keyspace
-- ARGV  per step 4: run id, token, field, record (opaque)
-- Returns  per step: 1 stored, 2 stored and the run is to be canceled, 0 the lease was lost
-- Keys  run, steps
-- Cost  O(1) per step
-- Twice  the same field is written with the same record
--- @include carry-on
--- @include read-run
local result = {}
for i = 1, #ARGV, 4 do
  local run = read_run(ARGV[i], 'status', 'token', 'cancelRequestedAt')
  if run and run[1] == 'running' and run[2] == ARGV[i + 1] then
    redis.call('HSET', key_steps(ARGV[i]), ARGV[i + 2], ARGV[i + 3])
    result[#result + 1] = run[3] and 2 or 1
  else
    result[#result + 1] = 0
  end
end
return result
