-- Removes a terminal run and every trace of it. Its idempotency key ends by its own time to live.
local function remove_run(id, workflow, status)
  redis.call('ZREM', key_index(workflow, status), id)
  redis.call('ZREM', key_created(), id)
  redis.call('ZREM', key_expiring(), id)
  redis.call('UNLINK', key_run(id), key_steps(id))
  -- Children that are still to be canceled with it are found by what it leaves.
  if redis.call('SISMEMBER', key_cascades(), id) == 0 then redis.call('UNLINK', key_children(id)) end
end

-- Bounded per finished run, so that no call is slow: a lowered count is reached over some calls.
local trimmed = {}
local function trim_index(workflow, status, count)
  local index = key_index(workflow, status)
  trimmed[index] = trimmed[index] or { workflow = workflow, status = status, count = count, finished = 0 }
  trimmed[index].finished = trimmed[index].finished + 1
end
local function trim()
  for index, rule in pairs(trimmed) do
    local excess = redis.call('ZCARD', index) - rule.count
    if excess > 0 then
      local oldest = redis.call('ZRANGE', index, 0, math.min(excess, rule.finished + 3) - 1)
      for _, id in ipairs(oldest) do remove_run(id, rule.workflow, rule.status) end
    end
  end
end
