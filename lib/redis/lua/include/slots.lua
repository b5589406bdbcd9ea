--- @include ring
-- Concurrency slots. The holders of a workflow's slots are its runs in status `running`. A run that
-- found none is parked; each slot that is freed makes the oldest parked run ready, so that there are
-- always at least as many ready runs as free slots, or none is parked.
local freed = {}
local freed_order = {}
local function free_slot(workflow)
  if not freed[workflow] then
    freed[workflow] = 0
    freed_order[#freed_order + 1] = workflow
  end
  freed[workflow] = freed[workflow] + 1
end
local function unpark()
  for _, workflow in ipairs(freed_order) do
    local popped = redis.call('ZPOPMIN', key_parked(workflow), freed[workflow])
    for i = #popped - 1, 1, -2 do
      local queue = redis.call('HGET', key_run(popped[i]), 'queue')
      if queue then
        redis.call('LPUSH', key_ready(queue), popped[i])
        ring(queue)
      end
    end
  end
end
