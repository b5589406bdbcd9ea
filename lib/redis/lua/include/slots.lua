--- @include read-run
--- @include ring
-- Concurrency slots. The holders of a workflow's slots are its runs in status `running`. A run that
-- found none is parked; each slot that is freed makes the oldest parked run ready, so that there are
-- always at least as many ready runs as free slots, or none is parked.
local freed = {}
local freed_order = {}
local function free_slot(workflow)
  local count = freed[workflow]
  if not count then
    count = 0
    freed_order[#freed_order + 1] = workflow
  end
  freed[workflow] = count + 1
end
-- Counts anew after that.
local function unpark()
  for _, workflow in ipairs(freed_order) do
    local woken = {}
    while #woken < freed[workflow] do
      local popped = redis.call('ZPOPMIN', key_parked(workflow), freed[workflow] - #woken)
      if #popped == 0 then break end
      -- What is no queued run must not use up the slot.
      for i = 1, #popped, 2 do
        local run = read_run(popped[i], 'status', 'queue')
        if run and run[1] == 'queued' and run[2] then woken[#woken + 1] = { popped[i], run[2] } end
      end
    end
    for i = #woken, 1, -1 do
      redis.call('LPUSH', key_ready(woken[i][2]), woken[i][1])
      ring(woken[i][2])
    end
  end
  freed, freed_order = {}, {}
end
