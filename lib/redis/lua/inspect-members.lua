-- Which members of an index do not belong there: the run is gone, or its hash says otherwise.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 key of the index, 2 statuses that its runs may have, 3 workflow that they must have, 4 '1' if
--       the workflow counts, then members
-- Returns  per member that does not belong 2: id, its status or ''
-- Keys  the index, run
-- Cost  O(log n) per member
-- Twice  reads only
--- @include read-run
local allowed = {}
for status in string.gmatch(ARGV[2], '%S+') do allowed[status] = true end
local result = {}
for i = 5, #ARGV do
  local run = read_run(ARGV[i], 'status', 'workflow')
  local belongs = run and run[1] and allowed[run[1]] and (ARGV[4] ~= '1' or run[2] == ARGV[3])
  if not belongs and redis.call('ZSCORE', ARGV[1], ARGV[i]) then
    result[#result + 1] = ARGV[i]
    result[#result + 1] = run and run[1] or ''
  end
end
return result
