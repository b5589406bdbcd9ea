-- Fields of a run's hash as they are, or nil where the key is no hash: a corrupt run must not stop the others.
local function read_hash(id, ...)
  local fields = redis.pcall('HMGET', key_run(id), ...)
  if fields.err then return nil end
  return fields
end

-- A run that is begun for the first time is not written to, as its end would soon write the same fields again: its claim
-- leaves a line in `begun`, with token, time, createdAt and workflow. It is running, while its hash says still that it is
-- queued. Those that were claimed together share their line, as a rule, so each is parsed once per call. Returns false for
-- no line, and for what is none.
local begun_runs = {}
local function parse_begun(line)
  if type(line) ~= 'string' then return false end
  if begun_runs[line] == nil then
    local token, started_at, created_at, workflow = string.match(line, '^(%S+) +(%d+) (%d+) (.*)$')
    begun_runs[line] = token
      and { status = 'running', token = token, startedAt = started_at, createdAt = created_at, workflow = workflow }
  end
  return begun_runs[line] or false
end

-- Fields of a run; of one that may have been begun, the status is to be the first. Returns also what its claim has left, if
-- there is something.
local function read_run(id, ...)
  local fields = read_hash(id, ...)
  if not fields or fields[1] ~= 'queued' then return fields end
  local begun = parse_begun(redis.pcall('HGET', key_begun(), id))
  if not begun then return fields end
  for i = 1, select('#', ...) do fields[i] = begun[select(i, ...)] or fields[i] end
  return fields, begun
end

-- For those who write to the hash of a run that may have been begun: what its claim has left is written first. Whoever
-- forgets that, writes what the end of the run does not see.
local function open_run(id, ...)
  local fields, begun = read_run(id, ...)
  if begun then
    redis.call('HSET', key_run(id), 'status', 'running', 'token', begun.token, 'startedAt', begun.startedAt)
    redis.call('HDEL', key_begun(), id)
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
