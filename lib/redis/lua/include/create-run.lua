--- @include clock
--- @include batch
--- @include read-run
--- @include ring
--- @include schedule
--- @include long-text
-- Creates a run, or finds the one that holds its idempotency key. Returns id, created.
-- `new`: id, workflow, queue, max_attempts, input, run_at, delay, idempotency (part of the key),
-- idempotency_key, ttl, parent, dependents; '' where not given; `queue` has a ':' before its name, which may be empty.
local metadata = {}
local rung = {}
-- Runs of this call: their index entries are still to be written.
local fresh = {}
local function workflow_metadata(workflow)
  if not metadata[workflow] then
    metadata[workflow] = redis.call('HMGET', key_workflow(workflow), 'queue', 'maxAttempts')
  end
  return metadata[workflow]
end

-- A run is whole when its fields are there and, where it is to be found in a queue, its index entry.
local function is_whole(id, run)
  if fresh[id] then return true end
  if not (run[1] and run[2] and run[3] and run[4]) then return false end
  if run[1] ~= 'queued' and run[1] ~= 'scheduled' then return true end
  return redis.call('ZSCORE', key_index(run[2], run[1]), id) and true or false
end

local function write_run(new)
  local defaults = (new.queue == '' or new.max_attempts == '') and workflow_metadata(new.workflow) or {}
  local queue = new.queue ~= '' and string.sub(new.queue, 2) or defaults[1] or 'default'
  local attempts = new.max_attempts ~= '' and new.max_attempts or defaults[2] or '1'
  local at = new.run_at ~= '' and tonumber(new.run_at) or (new.delay ~= '' and now + tonumber(new.delay) or now)
  local status = at > now and 'scheduled' or 'queued'
  local fields = { 'status', status, 'workflow', new.workflow, 'queue', queue, 'createdAt', now_text }
  local function field(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  if new.input ~= '' then put_text(fields, 'input', new.input) end
  if attempts ~= '1' then field('maxAttempts', attempts) end
  if status == 'scheduled' then field('runAt', text(at)) end
  if new.idempotency ~= '' then field('idempotencyKey', new.idempotency_key) end
  if new.parent ~= '' then field('parentRunId', new.parent) end
  if new.dependents ~= '' then field('dependents', new.dependents) end
  redis.call('HSET', key_run(new.id), unpack(fields))
  fresh[new.id] = true
  later('ZADD', key_created(), now_text, new.id)
  later('SADD', key_runWorkflows(), new.workflow)
  later('ZADD', key_index(new.workflow, status), now_text, new.id)
  if status == 'scheduled' then
    schedule(new.id, queue, at)
  else
    later('RPUSH', key_ready(queue), new.id)
    rung[queue] = true
  end
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
    local run = read_run(new.id, 'status', 'workflow', 'queue', 'createdAt')
    if run and is_whole(new.id, run) then return new.id, true end
  end
  write_run(new)
  if pointer then redis.call('SET', pointer, new.id, unpack(new.ttl ~= '' and { 'PX', new.ttl } or {})) end
  return new.id, true
end

local function ring_queues()
  for queue in pairs(rung) do ring(queue) end
end
