-- Fields of a run's hash as they are, or nil where the key is no hash: a corrupt run must not stop the others.
local function read_hash(id, ...)
  local fields = redis.pcall('HMGET', key_run(id), ...)
  if fields.err then return nil end
  return fields
end

-- Of a run that is begun for the first time nothing is written but a line, as its end would soon write all of it again: its
-- claim leaves in `begun`, by workflow, its token, the deadline of its lease, time, createdAt and workflow. It is running, and
-- holds a slot, while its hash and the indexes say still that it is queued; `leases` names the workflow, by the first
-- deadline of such runs. Those that were claimed together share their line, as a rule, so each is parsed once per call.
-- Returns false for no line, and for what is none.
local begun_runs = {}
local function parse_begun(line)
  if type(line) ~= 'string' then return false end
  if begun_runs[line] == nil then
    local token, deadline, started_at, created_at, workflow = string.match(line, '^(%S+) +(%d+) (%d+) (%d+) (.*)$')
    begun_runs[line] = token
      and { status = 'running', token = token, deadline = deadline, startedAt = started_at, createdAt = created_at, workflow = workflow }
  end
  return begun_runs[line] or false
end

-- How `leases` names a workflow; ids of runs have no such character.
local function lease_of_begun(workflow) return '@' .. workflow end
local function is_lease_of_begun(member) return string.sub(member, 1, 1) == '@' end

-- After lines were removed: it names those workflows only of which there is one.
local function drop_lease_of_begun(workflow)
  if redis.call('EXISTS', key_begun(workflow)) == 0 then redis.call('ZREM', key_leases(), lease_of_begun(workflow)) end
end

-- Fields of a run; of one that may have been begun, the status is to be the first. Returns also what its claim has left, if
-- there is something.
local function read_run(id, ...)
  local fields = read_hash(id, ...)
  if not fields or fields[1] ~= 'queued' then return fields end
  local workflow = redis.call('HGET', key_run(id), 'workflow')
  local begun = workflow and parse_begun(redis.pcall('HGET', key_begun(workflow), id))
  if not begun then return fields end
  for i = 1, select('#', ...) do fields[i] = begun[select(i, ...)] or fields[i] end
  return fields, begun
end

-- For those who write to the hash of a run that may have been begun, or move it: what its claim has left is written first.
-- Whoever forgets that, writes what the end of the run does not see.
local function open_run(id, ...)
  local fields, begun = read_run(id, ...)
  if begun then
    local workflow = begun.workflow
    redis.call('HSET', key_run(id), 'status', 'running', 'token', begun.token, 'startedAt', begun.startedAt)
    redis.call('ZADD', key_leases(), begun.deadline, id)
    redis.call('ZREM', key_index(workflow, 'queued'), id)
    redis.call('ZADD', key_index(workflow, 'running'), begun.createdAt, id)
    redis.call('HDEL', key_begun(workflow), id)
    drop_lease_of_begun(workflow)
  end
  return fields
end

-- Whether what every transition writes is there. Of a run that is not intact nothing is written: a
-- script that stops half-way is not rolled back.
local numeric = {}
local function intact(status, workflow, queue, created_at)
  if not (status and workflow and queue and created_at) then return false end
  if numeric[created_at] == nil then numeric[created_at] = string.find(created_at, '^%d+$') ~= nil end
  return numeric[created_at]
end
