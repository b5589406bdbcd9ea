-- Puts orphaned runs back in the ready list for a worker that knows their workflows. So it does with
-- those of a workflow that is registered no more: whoever claims them finds that out, and fails them.
-- At the head of the list, and without ringing: the caller claims next, and another worker may not know
-- the workflows either.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 most entries to look at, 2 most runs to put back, 3 number of workflows, then the workflows,
--       then the queues
-- Returns  how many
-- Keys  orphans, run, begun, workflow, ready
-- Cost  O(entries)
-- Twice  an adopted run is no longer an orphan
--- @include read-run
local limit = tonumber(ARGV[2])
local workflows, queues = {}, {}
for i = 4, 3 + tonumber(ARGV[3]) do workflows[ARGV[i]] = true end
for i = 4 + tonumber(ARGV[3]), #ARGV do queues[ARGV[i]] = true end
local adopted, keep = {}, {}
local entries = redis.call('LPOP', key_orphans(), tonumber(ARGV[1])) or {}
for _, id in ipairs(entries) do
  local run = read_run(id, 'status', 'workflow', 'queue')
  if run and run[1] == 'queued' and run[2] and run[3] then
    local takes = workflows[run[2]] or redis.call('EXISTS', key_workflow(run[2])) == 0
    if takes and queues[run[3]] and #adopted < limit then
      adopted[#adopted + 1] = { id, run[3] }
    else
      keep[#keep + 1] = id
    end
  end
end
for i = #adopted, 1, -1 do redis.call('LPUSH', key_ready(adopted[i][2]), adopted[i][1]) end
-- To the end, so that the next call looks at others.
if #keep > 0 then redis.call('RPUSH', key_orphans(), unpack(keep)) end
return #adopted
