--- @include clock
--- @include read-run
--- @include slot-limit
--- @include long-text
--- @include stand-by
-- `hand_over(queue)`: gives the one ready run of a queue to a claim loop that stands by for it, as its claim would: with
-- lease, slot and token. Returns whether it did. A worker that is not connected is given nothing. One that does not get
-- the message, as the reply to its blocking read is lost, finds the run by its next claim.
local longest_handed = 16384
-- Those of dead workers are dropped on the way.
local most_tried = 8

-- Whatever is in the way of the question, the answer is no: the start must not fail for it.
local function is_connected(presence)
  local reply = redis.pcall('PUBSUB', 'NUMSUB', key_channel(presence))
  return not reply.err and reply[2] > 0
end

local function next_standby(queue)
  for _ = 1, most_tried do
    local claim_id = redis.call('ZPOPMIN', key_standby(queue))[1]
    if not claim_id then return nil end
    local standby = standing_of(redis.call('GET', key_claim(claim_id)) or '')
    if standby and is_connected(standby.presence) then
      standby.claim_id = claim_id
      return standby
    end
  end
end

local function has_slot(workflow)
  return slots_held(workflow) < slot_limit(workflow)
end

-- Of a new run. What has a history, as it was repaired, is claimed.
local function read_first(id)
  local run = read_hash(id, 'status', 'workflow', 'queue', 'input', 'maxAttempts', 'createdAt', 'input1', 'startedAt', 'resume', 'runAt')
  if not run or run[1] ~= 'queued' or run[8] or run[9] or run[10] or not intact(run[1], run[2], run[3], run[6]) then return nil end
  local input = whole_text(id, 'input', run[4], run[7]) or ''
  return #input <= longest_handed and { id = id, workflow = run[2], queue = run[3], attempts = run[5] or '1', created_at = run[6], input = input }
end

local function start_for(standby, run)
  redis.call('HSET', key_run(run.id), 'status', 'running', 'token', standby.token, 'startedAt', now_text)
  redis.call('ZADD', key_leases(), text(now + standby.lease), run.id)
  redis.call('ZREM', key_index(run.workflow, 'queued'), run.id)
  redis.call('ZADD', key_index(run.workflow, 'running'), run.created_at, run.id)
  redis.call('SET', key_claim(standby.claim_id), standby.given .. standby.token .. ' ' .. run.id, 'PX', standby.lease * 2)
end

-- A line, in which the names are given by their length in bytes; then workflow, queue and input.
local function message_for(standby, run)
  local head = { standby.token, run.id, now_text, run.created_at, run.attempts, #run.workflow, #run.queue }
  return table.concat(head, ' ') .. '\n' .. run.workflow .. run.queue .. run.input
end

local function hand_over(queue)
  if redis.call('LLEN', key_ready(queue)) ~= 1 or redis.call('EXISTS', key_standby(queue)) == 0 then return false end
  local run = read_first(redis.call('LINDEX', key_ready(queue), 0))
  if not run or not has_slot(run.workflow) then return false end
  local standby = next_standby(queue)
  if not standby then return false end
  start_for(standby, run)
  redis.call('LPOP', key_ready(queue))
  redis.call('RPUSH', key_inbox(standby.claim_id), message_for(standby, run))
  redis.call('PEXPIRE', key_inbox(standby.claim_id), standby.lease)
  return true
end
