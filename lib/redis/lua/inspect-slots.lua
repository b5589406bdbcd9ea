-- The concurrency slots of a workflow as of one instant, and, if asked, parked runs made ready for slots
-- that are free.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 workflow, 2 '1' to make parked runs ready
-- Returns  limit ('' if the workflow is not registered), holders, parked runs, oldest parked run or '',
--          length of the ready list of its queue
-- Keys  workflow, index, parked, run, ready, bell
-- Cost  O(log n)
-- Twice  reads only; repaired twice, more runs than slots are ready, and the claim parks them again
--- @include slots
local workflow = ARGV[1]
local limit = redis.call('HGET', key_workflow(workflow), 'maxConcurrency')
local holders = redis.call('ZCARD', key_index(workflow, 'running'))
local parked = redis.call('ZCARD', key_parked(workflow))
local oldest = redis.call('ZRANGE', key_parked(workflow), 0, 0)[1]
local queue = oldest and redis.call('HGET', key_run(oldest), 'queue')
local ready = queue and redis.call('LLEN', key_ready(queue)) or 0
local free = tonumber(limit or '1') - holders
if ARGV[2] == '1' and parked > 0 and free > 0 then
  for _ = 1, free do free_slot(workflow) end
  unpark()
end
return { limit or '', holders, parked, oldest or '', ready }
