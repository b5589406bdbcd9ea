-- Removes members from an index, if the runs still do not belong there.
--
-- KEYS  1 root of the keyspace
-- ARGV  as inspect-members
-- Returns  how many were removed
-- Keys  the index, run
-- Cost  O(log n) per member
-- Twice  what is gone is gone
--- @include read-run
local allowed = {}
for status in string.gmatch(ARGV[2], '%S+') do allowed[status] = true end
local removed = 0
for i = 5, #ARGV do
  local run = read_run(ARGV[i], 'status', 'workflow')
  local belongs = run and run[1] and allowed[run[1]] and (ARGV[4] ~= '1' or run[2] == ARGV[3])
  if not belongs then removed = removed + redis.call('ZREM', ARGV[1], ARGV[i]) end
end
return removed
