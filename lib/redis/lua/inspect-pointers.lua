-- What idempotency keys point to.
--
-- KEYS  1 root of the keyspace
-- ARGV  parts of idempotency keys
-- Returns  per part 3: run id ('' if the key is gone), then workflow and idempotency key of the run, or false
-- Keys  idempotency, run
-- Cost  O(1) per key
-- Twice  reads only
--- @include read-run
local result = {}
for _, part in ipairs(ARGV) do
  local id = redis.pcall('GET', key_idempotency(part))
  if type(id) ~= 'string' then id = '' end
  local run = read_run(id, 'workflow', 'idempotencyKey') or {}
  result[#result + 1] = id
  result[#result + 1] = run[1] or false
  result[#result + 1] = run[2] or false
end
return result
