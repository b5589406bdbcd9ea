-- Fields of a run's hash, or nil where the key is no hash: a corrupt run must not stop the others.
local function read_run(id, ...)
  local fields = redis.pcall('HMGET', key_run(id), ...)
  if fields.err then return nil end
  return fields
end

-- Whether what every transition writes is there. Of a run that is not intact nothing is written: a
-- script that stops half-way is not rolled back.
local function intact(status, workflow, queue, created_at)
  return status and workflow and queue and created_at and string.find(created_at, '^%d+$') ~= nil
end
