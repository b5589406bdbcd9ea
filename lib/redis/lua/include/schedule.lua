--- @include clock
--- @include ring
-- Plans a run for a time, or leaves it planned for an earlier one. When it is the next one, a worker is woken so that it sets its timer anew.
local function schedule(id, queue, at)
  local head = redis.call('ZRANGE', key_scheduled(), 0, 0, 'WITHSCORES')
  redis.call('ZADD', key_scheduled(), 'LT', text(at), id)
  if not head[2] or at < tonumber(head[2]) then ring(queue) end
end
