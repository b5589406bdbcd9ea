-- Renews the leases of a worker's runs, and tells which were lost or are to be canceled.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 lease (ms), then per run 2: id, token
-- Returns  per run: 1 held, 2 held and to be canceled, 0 lost
-- Keys  run, begun, leases, index
-- Cost  O(log n) per run
-- Twice  the deadline is set again
--- @include carry-on
--- @include clock
--- @include batch
--- @include read-run
local deadline = text(now + tonumber(ARGV[1]))
local result = {}
for i = 2, #ARGV, 2 do
  local run = open_run(ARGV[i], 'status', 'token', 'cancelRequestedAt')
  if run and run[1] == 'running' and run[2] == ARGV[i + 1] then
    later('ZADD', key_leases(), deadline, ARGV[i])
    result[#result + 1] = run[3] and 2 or 1
  else
    result[#result + 1] = 0
  end
end
commit()
return result
