--- @include clock
--- @include batch
--- @include read-run
--- @include ring
-- Makes up to `limit` due runs ready. Returns how many, and when the next one is due.
-- The status decides: an entry of a run that is neither scheduled nor waiting is stale and dropped.
local function promote_due(limit)
  local head = redis.call('ZRANGE', key_scheduled(), 0, 0, 'WITHSCORES')
  if not head[2] or tonumber(head[2]) > now then return 0, head[2] end
  local due = redis.call('ZRANGEBYSCORE', key_scheduled(), '-inf', now_text, 'LIMIT', 0, limit)
  local rung = {}
  for _, id in ipairs(due) do
    redis.call('ZREM', key_scheduled(), id)
    local run = read_run(id, 'status', 'workflow', 'queue', 'createdAt')
    if run and (run[1] == 'scheduled' or run[1] == 'waiting') and intact(unpack(run)) then
      redis.call('HSET', key_run(id), 'status', 'queued')
      -- A run that was suspended goes to the front, as in wake-run.
      redis.call(run[1] == 'waiting' and 'LPUSH' or 'RPUSH', key_ready(run[3]), id)
      redis.call('ZREM', key_index(run[2], run[1]), id)
      redis.call('ZADD', key_index(run[2], 'queued'), run[4], id)
      rung[run[3]] = true
    end
  end
  for queue in pairs(rung) do ring(queue) end
  head = redis.call('ZRANGE', key_scheduled(), 0, 0, 'WITHSCORES')
  return #due, head[2]
end
