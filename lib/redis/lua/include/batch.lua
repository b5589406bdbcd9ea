-- Collects the writes of indexes and lists, merges those of one command and key into one variadic
-- call, and makes them at the end: `later(command, key, ...)`, then `commit()`. Writes that a later
-- item of the same call must see (a run's hash) are made at once instead.
local batch = {}
local function later(command, key, ...)
  local slot = command .. ' ' .. key
  local entry = batch[slot]
  if not entry then
    entry = { command, key }
    batch[slot] = entry
    batch[#batch + 1] = entry
  end
  for i = 1, select('#', ...) do entry[#entry + 1] = (select(i, ...)) end
end
-- A write that is refused must not take the others with it: they are made, then the call fails.
local function commit()
  local refused
  for i = 1, #batch do
    local reply = redis.pcall(unpack(batch[i]))
    if type(reply) == 'table' and reply.err then refused = refused or batch[i] end
  end
  if refused then redis.call(unpack(refused)) end
end
