--- @include clock
--- @include batch
--- @include read-run
--- @include dependents
--- @include wake-run
--- @include remove-run
--- @include long-text
-- The end of a run: fields, index, awaiting parents, waiting clients, retention. The caller has made
-- sure that the run is not terminal, and removes what belongs to the status that it leaves.
-- `run`: its fields status, workflow, queue, createdAt, waiters, dependents, in this order. `from`: the status that it
-- leaves. `payload`: output, error or reason; '' for none. `rule`: see retention_rule. Returns whether there was a run.
-- Of one that its claim has left in `begun` (see read-run) also token, in the 7th place, and `started_at`; it is still in the
-- index of queued runs.
local payload_fields = { failed = 'error', canceled = 'cancelReason' }

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

-- How long the runs of a status are kept; false for no limit.
local function retention_rule(age, count)
  return { age = age ~= '' and age, count = count ~= '' and tonumber(count) }
end

-- `expire` removes runs by their index: for that it is enough to know for how long they are kept, and when the first one that
-- has ended may go. Said once per call.
local planned = {}
local function plan_removal(workflow, status, age)
  local of_status = planned[status] or {}
  planned[status] = of_status
  if of_status[workflow] then return end
  of_status[workflow] = true
  local plan = workflow .. ':' .. status
  if age then
    later_alone('HSET', key_retention(), plan, age)
    later_alone('ZADD', key_expiring(), 'NX', text(now + tonumber(age)), plan)
  else
    later_alone('HDEL', key_retention(), plan)
    later_alone('ZREM', key_expiring(), plan)
  end
end

-- Nobody has looked at the hash of a run that was left in `begun`. Where it is gone, or is that of no run, the status is new
-- as all else, and what was written is taken back.
local function write_end(id, run, fields)
  if not run.started_at then return redis.call('HSET', key_run(id), unpack(fields)) end
  local added = redis.pcall('HSET', key_run(id), unpack(fields))
  if type(added) ~= 'number' then return false end
  if added * 2 < #fields then return true end
  for i = 1, #fields, 2 do redis.call('HDEL', key_run(id), fields[i]) end
  return false
end

local function put_payload(fields, status, payload)
  if payload == '' then return end
  if status == 'succeeded' then return put_text(fields, 'output', payload) end
  fields[#fields + 1] = payload_fields[status]
  fields[#fields + 1] = payload
end

local function settle_run(id, run, from, status, payload, rule)
  local workflow = run[2]
  local fields = { 'status', status, 'finishedAt', now_text }
  if run.started_at then fields[5], fields[6], fields[7], fields[8] = 'token', run[7], 'startedAt', run.started_at end
  put_payload(fields, status, payload)
  if not write_end(id, run, fields) then return false end
  later('ZREM', key_index(workflow, run.started_at and 'queued' or from), id)
  later('ZADD', key_index(workflow, status), run[4], id)
  plan_removal(workflow, status, rule.age)
  if rule.count then trim_index(workflow, status, rule.count) end
  if run[5] then tell_waiters(run[5], id, status, payload) end
  if run[6] then
    each_dependent(run[6], function(parent, step) deliver(parent, step, status, payload, id) end)
  end
  return true
end
