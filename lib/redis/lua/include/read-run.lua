-- Fields of a run's hash, or nil where the key is no hash: a corrupt run must not stop the others.
local function read_run(id, ...)
  local fields = redis.pcall('HMGET', key_run(id), ...)
  if fields.err then return nil end
  return fields
end
