--- @include clock
--- @include batch
--- @include read-run
--- @include dependents
--- @include wake-run
--- @include remove-run
-- The end of a run: fields, index, awaiting parents, waiting clients, retention. The caller has made
-- sure that the run is not terminal, and removes what belongs to the status that it leaves.
-- `run`: id, from (status), workflow, created_at, waiters, dependents.
-- `payload`: output, error or reason; '' for none. `age`, `count`: retention, '' for no limit.
local payload_fields = { succeeded = 'output', failed = 'error', canceled = 'cancelReason' }

-- Tells a parent what its step waited for. A parent that is gone or has ended is left alone.
local function deliver(parent, step, status, payload, child)
  local fields = read_run(parent, 'status', 'workflow', 'queue', 'createdAt')
  if not fields or not fields[1] then return end
  redis.call('SREM', key_children(parent), child)
  if fields[1] ~= 'running' and fields[1] ~= 'waiting' and fields[1] ~= 'queued' and fields[1] ~= 'scheduled' then return end
  -- A parent whose steps cannot be written must not keep its child from ending.
  redis.pcall('HSET', key_steps(parent), 'o' .. step, status .. ' ' .. now_text .. '\n' .. payload)
  if fields[1] == 'waiting' and intact(unpack(fields)) then wake_for_child(parent, fields[2], fields[3], fields[4]) end
end

local function tell_waiters(waiters, id, status, payload)
  for client in string.gmatch(waiters, '%S+') do
    -- A large payload is fetched by those who wait, instead of being copied to each of them.
    if #payload <= 16384 then
      redis.call('PUBLISH', key_channel(client), id .. ' ' .. status .. '\n' .. payload)
    else
      redis.call('PUBLISH', key_channel(client), id .. ' fetch\n')
    end
  end
end

local function settle_run(run, status, payload, age, count)
  local key = key_run(run.id)
  if payload ~= '' then
    redis.call('HSET', key, 'status', status, 'finishedAt', now_text, payload_fields[status], payload)
  else
    redis.call('HSET', key, 'status', status, 'finishedAt', now_text)
  end
  if run.planned then redis.call('HDEL', key, 'runAt') end
  later('ZREM', key_index(run.workflow, run.from), run.id)
  later('ZADD', key_index(run.workflow, status), run.created_at, run.id)
  if age ~= '' then later('ZADD', key_expiring(), text(now + tonumber(age)), run.id) end
  if count ~= '' then trim_index(run.workflow, status, tonumber(count)) end
  if run.waiters then tell_waiters(run.waiters, run.id, status, payload) end
  if run.dependents then
    each_dependent(run.dependents, function(parent, step) deliver(parent, step, status, payload, run.id) end)
  end
end
