-- Whether a queued run, which a walk over the lists has not met, is in one of them after all: it was put at an
-- end of it since. If asked, one that is nowhere is made ready.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 '1' to repair, 2 most elements to look at from each end of a list, then run ids
-- Returns  per run: 1 if it is queued and nowhere, else 0
-- Keys  run, begun, ready, parked, orphans, bell
-- Cost  O(elements to look at) per run
-- Twice  a run that was made ready is found
--- @include read-run
--- @include ring
local repair, most = ARGV[1] == '1', ARGV[2]
local function in_list(list, id)
  return type(redis.pcall('LPOS', list, id, 'RANK', -1, 'MAXLEN', most)) == 'number'
    or type(redis.pcall('LPOS', list, id, 'MAXLEN', most)) == 'number'
end
local result = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local run = read_run(id, 'status', 'workflow', 'queue')
  local nowhere = run and run[1] == 'queued' and run[2] and run[3]
    and type(redis.pcall('ZSCORE', key_parked(run[2]), id)) ~= 'string'
    and not in_list(key_ready(run[3]), id)
    and not in_list(key_orphans(), id)
  if nowhere and repair then
    redis.call('RPUSH', key_ready(run[3]), id)
    ring(run[3])
  end
  result[#result + 1] = nowhere and 1 or 0
end
return result
