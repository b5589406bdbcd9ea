--- @include ring
--- @include schedule
-- waiting -> queued. The caller has read the run and knows that it is waiting. It goes to the front: what was
-- begun is ended before something else is begun.
local function wake_run(id, workflow, queue, created_at)
  redis.call('HSET', key_run(id), 'status', 'queued')
  redis.call('ZREM', key_scheduled(), id)
  redis.call('ZREM', key_index(workflow, 'waiting'), id)
  redis.call('ZADD', key_index(workflow, 'queued'), created_at, id)
  redis.call('LPUSH', key_ready(queue), id)
  ring(queue)
end

-- A run that awaits many children is not woken by each of them, as it would be replayed as often: it is
-- woken by the last ones at once, and else after a while, together with those that have ended by then.
local function wake_for_child(id, workflow, queue, created_at)
  local active = redis.call('SCARD', key_children(id))
  if active < 8 then
    wake_run(id, workflow, queue, created_at)
  else
    schedule(id, queue, now + math.min(active, 1000))
  end
end
