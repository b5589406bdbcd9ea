-- Collects the writes of indexes and lists, merges those of one command and key into one variadic
-- call, and makes them at the end: `later(command, key, a)` or `later(command, key, a, b)`, then
-- `commit()`. Writes that a later item of the same call must see (a run's hash) are made at once instead.
local batch = {}
local batch_entries = {}
-- The call that is put together, for loops that append to it themselves.
local function entries_of(command, key)
  local entries = batch_entries[command]
  if not entries then
    entries = {}
    batch_entries[command] = entries
  end
  local entry = entries[key]
  if not entry then
    entry = { command, key }
    entries[key] = entry
    batch[#batch + 1] = entry
  end
  return entry
end
local function later(command, key, first, second)
  local entry = entries_of(command, key)
  local size = #entry
  entry[size + 1] = first
  entry[size + 2] = second
end
-- A call of its own, which no other is merged with.
local function later_alone(...)
  batch[#batch + 1] = { ... }
end
-- A write that is refused must not take the others with it: they are made, then the call fails. Without this
-- the runs of a call whose hashes are written already would be half-written. What is collected next is a new batch.
local function commit()
  local refused
  local made = batch
  batch, batch_entries = {}, {}
  for i = 1, #made do
    local reply = #made[i] > 2 and redis.pcall(unpack(made[i]))
    if type(reply) == 'table' and reply.err then refused = refused or made[i] end
  end
  if refused then redis.call(unpack(refused)) end
end
