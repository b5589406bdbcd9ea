-- Puts orphaned runs back in the ready list for a worker that knows their workflows.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 most entries to look at, 2 number of workflows, then the workflows, then the queues
-- Returns  how many
-- Keys  orphans, run, ready, bell
-- Cost  O(entries)
-- Twice  an adopted run is no longer an orphan
--- @include read-run
--- @include ring
local workflows, queues = {}, {}
for i = 3, 2 + tonumber(ARGV[2]) do workflows[ARGV[i]] = true end
for i = 3 + tonumber(ARGV[2]), #ARGV do queues[ARGV[i]] = true end
local adopted = 0
local keep = {}
local entries = redis.call('LPOP', key_orphans(), tonumber(ARGV[1])) or {}
for _, id in ipairs(entries) do
  local run = read_run(id, 'status', 'workflow', 'queue')
  if run and run[1] == 'queued' then
    if workflows[run[2]] and queues[run[3]] then
      redis.call('RPUSH', key_ready(run[3]), id)
      ring(run[3])
      adopted = adopted + 1
    else
      keep[#keep + 1] = id
    end
  end
end
-- To the end, so that the next call looks at others.
if #keep > 0 then redis.call('RPUSH', key_orphans(), unpack(keep)) end
return adopted
