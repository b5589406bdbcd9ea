-- The concurrency slots of a workflow as of one instant; and, if asked, parked runs made ready for slots that
-- nothing else would take.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 workflow, 2 '1' to make parked runs ready
-- Returns  limit ('' if the workflow is not registered), holders, parked runs, queued runs that are neither parked
--          nor orphans: of these at most 1000 are looked at
-- Keys  workflow, index, parked, orphans, run, begun, ready, bell
-- Cost  O(log n) per run made ready; where runs are parked and others queued, O(orphans)
-- Twice  what is ready now is meant for the slots
--- @include read-run
--- @include slots
--- @include slot-limit
local most_unparked = 1000
local workflow = ARGV[1]
local limit = redis.call('HGET', key_workflow(workflow), 'maxConcurrency')
local holders = slots_held(workflow)
local parked = redis.call('ZCARD', key_parked(workflow))
local ready = redis.call('ZCARD', key_index(workflow, 'queued')) - redis.call('HLEN', key_begun(workflow)) - parked
if parked > 0 and ready > 0 then
  for _, id in ipairs(redis.call('LRANGE', key_orphans(), 0, 999)) do
    local run = read_run(id, 'status', 'workflow')
    if run and run[1] == 'queued' and run[2] == workflow then ready = ready - 1 end
  end
end
if ARGV[2] == '1' then
  local unused = (tonumber(limit or '1') or 1) - holders - ready
  for _ = 1, math.min(unused, parked, most_unparked) do free_slot(workflow) end
  unpark()
end
return { limit or '', holders, parked, ready }
