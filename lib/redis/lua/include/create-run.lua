--- @include clock
--- @include batch
--- @include read-run
--- @include ring
--- @include schedule
--- @include long-text
-- Creates a run, or finds the one that holds its idempotency key. Returns id, created.
-- `new`: id, workflow, queue, max_attempts, input, run_at, delay, idempotency (part of the key),
-- idempotency_key, ttl, parent, dependents; '' where not given; `queue` has a ':' before its name, which may be empty.
local rung = {}
-- Runs of this call: their index entries are still to be written.
local fresh = {}
-- The calls that put runs where they are looked for: put together here, as most runs of a call share them.
local created = entries_of('ZADD', key_created())
local lanes = {}
local function lane_of(workflow)
  local defaults = redis.call('HMGET', key_workflow(workflow), 'queue', 'maxAttempts')
  local lane = {
    queue = defaults[1] or 'default', max_attempts = defaults[2] or '1',
    queued = entries_of('ZADD', key_index(workflow, 'queued')),
  }
  lanes[workflow] = lane
  later('SADD', key_runWorkflows(), workflow)
  return lane
end
local ready_lists = {}
local function ready_list_of(queue)
  rung[queue] = true
  local list = entries_of('RPUSH', key_ready(queue))
  ready_lists[queue] = list
  return list
end

-- A run is whole when its fields are there and, where it is to be found in a queue, its index entry.
local function is_whole(id, run)
  if fresh[id] then return true end
  if not (run[1] and run[2] and run[3] and run[4]) then return false end
  if run[1] ~= 'queued' and run[1] ~= 'scheduled' then return true end
  return redis.call('ZSCORE', key_index(run[2], run[1]), id) and true or false
end

local function put(fields, name, value)
  local size = #fields
  fields[size + 1], fields[size + 2] = name, value
end

local function write_run(new)
  local id, workflow = new.id, new.workflow
  local lane = lanes[workflow] or lane_of(workflow)
  local queue = new.queue ~= '' and string.sub(new.queue, 2) or lane.queue
  local attempts = new.max_attempts ~= '' and new.max_attempts or lane.max_attempts
  local at = new.run_at ~= '' and tonumber(new.run_at) or (new.delay ~= '' and now + tonumber(new.delay) or now)
  local status = at > now and 'scheduled' or 'queued'
  local fields = { 'status', status, 'workflow', workflow, 'queue', queue, 'createdAt', now_text }
  if new.input ~= '' then put_text(fields, 'input', new.input) end
  if attempts ~= '1' then put(fields, 'maxAttempts', attempts) end
  if status == 'scheduled' then put(fields, 'runAt', text(at)) end
  if new.idempotency ~= '' then put(fields, 'idempotencyKey', new.idempotency_key) end
  if new.parent ~= '' then put(fields, 'parentRunId', new.parent) end
  if new.dependents ~= '' then put(fields, 'dependents', new.dependents) end
  redis.call('HSET', key_run(id), unpack(fields))
  fresh[id] = true
  local size = #created
  created[size + 1], created[size + 2] = now_text, id
  if status == 'scheduled' then
    later('ZADD', key_index(workflow, status), now_text, id)
    return schedule(id, queue, at)
  end
  local queued, list = lane.queued, ready_lists[queue] or ready_list_of(queue)
  size = #queued
  queued[size + 1], queued[size + 2] = now_text, id
  list[#list + 1] = id
end

local function create_run(new)
  local pointer = new.idempotency ~= '' and key_idempotency(new.idempotency)
  local existing = pointer and redis.call('GET', pointer)
  -- The run of this key has ended, and retention has removed it.
  if existing and string.sub(existing, 1, 1) == '-' then return string.sub(existing, 2), false, new.input end
  if existing then
    local run = read_run(existing, 'status', 'workflow', 'queue', 'createdAt', 'input', 'input1')
    if run and is_whole(existing, run) then return existing, existing == new.id, whole_text(existing, 'input', run[5], run[6]) end
    -- A partial run is written again under its own id; a pointer to a run that is gone is replaced.
    if run and redis.call('EXISTS', key_run(existing)) == 1 then
      new.id = existing
      new.input = whole_text(existing, 'input', run[5], run[6]) or new.input
    end
  else
    local run = redis.call('EXISTS', key_run(new.id)) == 1 and read_run(new.id, 'status', 'workflow', 'queue', 'createdAt')
    if run and is_whole(new.id, run) then return new.id, true end
  end
  write_run(new)
  if pointer then redis.call('SET', pointer, new.id, unpack(new.ttl ~= '' and { 'PX', new.ttl } or {})) end
  return new.id, true
end

local function ring_queues()
  for queue in pairs(rung) do ring(queue) end
end
