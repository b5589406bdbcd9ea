-- Stores what steps have come to: one field per step, written by the owner of the run only.
--
-- KEYS  1 root of the keyspace
-- ARGV  per step 4: run id, token, field, record (opaque but for the header of a step)
-- Returns  per step: 1 stored, 2 stored and the run is to be canceled, 0 the lease was lost
-- Keys  run, begun, steps
-- Cost  O(1) per step
-- Twice  the same field is written with the same record; one that comes late is dropped
--- @include carry-on
--- @include read-run
local function read_header(record)
  return string.match(record, '^%a+ (%a+) %d+ (%d+) %d+ %S+ (%S+) %S+\n')
end

-- A record that was sent over a connection which then was given up may arrive after the one that followed it: a step
-- that has succeeded would be executed again. Only records of another kind than success can do harm so.
local function is_late(key, field, record)
  if string.find(record, '^%a+ succeeded ') then return false end
  local status, attempts, run_attempt = read_header(record)
  if not status then return false end
  local known = redis.call('HGET', key, field)
  if not known then return false end
  local known_status, known_attempts, known_run_attempt = read_header(known)
  if known_status == 'succeeded' then return true end
  if status ~= 'running' or known_run_attempt ~= run_attempt then return false end
  return known_status == 'failed' or tonumber(known_attempts) > tonumber(attempts)
end

-- What their claims have left of most of them is asked for together.
local runs, begun_of = {}, {}
for i = 1, #ARGV, 4 do
  local id = ARGV[i]
  local run = runs[id] or read_hash(id, 'status', 'token', 'cancelRequestedAt', 'workflow')
  if run and run[1] == 'queued' and run[4] and not runs[id] then
    local ids = begun_of[run[4]] or {}
    begun_of[run[4]] = ids
    ids[#ids + 1] = id
  end
  runs[id] = run
end
for workflow, ids in pairs(begun_of) do
  for i, line in ipairs(redis.call('HMGET', key_begun(workflow), unpack(ids))) do
    local run, begun = runs[ids[i]], parse_begun(line)
    if begun then run[1], run[2] = 'running', begun.token end
  end
end

local result = {}
for i = 1, #ARGV, 4 do
  local id, field, record = ARGV[i], ARGV[i + 2], ARGV[i + 3]
  local run = runs[id]
  if run and run[1] == 'running' and run[2] == ARGV[i + 1] then
    local key = key_steps(id)
    if not is_late(key, field, record) then redis.call('HSET', key, field, record) end
    result[#result + 1] = run[3] and 2 or 1
  else
    result[#result + 1] = 0
  end
end
return result
