-- How many runs of a workflow may be running: what its metadata says, else one.
local function slot_limit(workflow)
  return tonumber(redis.call('HGET', key_workflow(workflow), 'maxConcurrency') or '1') or 1
end
-- How many are: those of the index, and those of which their claim has left no more than a line (see read-run).
local function slots_held(workflow)
  return redis.call('ZCARD', key_index(workflow, 'running')) + redis.call('HLEN', key_begun(workflow))
end
