-- How many runs of a workflow may be running: what its metadata says, else one.
local function slot_limit(workflow)
  return tonumber(redis.call('HGET', key_workflow(workflow), 'maxConcurrency') or '1') or 1
end
