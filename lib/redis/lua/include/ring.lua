-- Wakes one idle worker of a queue. A bell that rings already is left alone.
local function ring(queue)
  local bell = key_bell(queue)
  if redis.call('EXISTS', bell) == 0 then redis.call('RPUSH', bell, '1') end
end
