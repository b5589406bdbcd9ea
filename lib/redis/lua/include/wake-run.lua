--- @include ring
-- waiting -> queued. The caller has read the run and knows that it is waiting.
local function wake_run(id, workflow, queue, created_at)
  redis.call('HSET', key_run(id), 'status', 'queued')
  redis.call('ZREM', key_scheduled(), id)
  redis.call('ZREM', key_index(workflow, 'waiting'), id)
  redis.call('ZADD', key_index(workflow, 'queued'), created_at, id)
  redis.call('RPUSH', key_ready(queue), id)
  ring(queue)
end
