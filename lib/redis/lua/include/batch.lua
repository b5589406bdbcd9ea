-- Collects the writes of indexes and lists, merges those of one command and key into one variadic
-- call, and makes them at the end: `later(command, key, a)` or `later(command, key, a, b)`, then
-- `commit()`. Writes that a later item of the same call must see (a run's hash) are made at once instead.
local batch = {}
local batch_entries = {}
local function later(command, key, first, second)
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
  local size = #entry
  entry[size + 1] = first
  entry[size + 2] = second
end
local function commit()
  for i = 1, #batch do redis.call(unpack(batch[i])) end
end
