--- @include clock
--- @include batch
--- @include read-run
--- @include promote-due
--- @include slots
--- @include slot-limit
--- @include long-text
--- @include stand-by
-- Takes ready runs: `claim_runs(at, last)` reads from `at`: worker id, token, lease (ms), most runs, most entries to
-- look at, presence and token to stand by (see stand-by; '' if it does not), then queues up to `last`. Returns now, due
-- time of the next run or '', 1 if more may be left, 1 if it stands by, 1 if there are orphans (looked for where slots
-- stay free), deadline of the next lease or '' (looked for where nothing was claimed), and the runs, 9 entries each: id,
-- createdAt, input, workflow, queue, max attempts (false: 1), attempt (false: 1), startedAt (false: now), steps hash
-- (false: none). Or 4: '=', id, createdAt, input, for one that is like the one before in workflow, queue and max attempts,
-- and has the other three by default.
local history_of_none = {}
-- Longer than hash-max-listpack-value with what follows it: so Redis looks a line up, instead of going through all of them.
local begun_pad = string.rep(' ', 20)

local workflow_before, queue_before, attempts_before
local function present(runs, id, run, attempt, started_at)
  local size, input = #runs, whole_text(id, 'input', run[4], run[10])
  if run[2] == workflow_before and run[3] == queue_before and run[5] == attempts_before and not (run[7] or run[8] or run[9]) then
    runs[size + 1], runs[size + 2], runs[size + 3], runs[size + 4] = '=', id, run[6], input
    return
  end
  workflow_before, queue_before, attempts_before = run[2], run[3], run[5]
  local history = (run[8] or run[9]) and redis.pcall('HGETALL', key_steps(id))
  if history and history.err then history = history_of_none end
  runs[size + 1], runs[size + 2], runs[size + 3] = id, run[6], input
  runs[size + 4], runs[size + 5], runs[size + 6] = run[2], run[3], run[5]
  runs[size + 7], runs[size + 8], runs[size + 9] = attempt, started_at, history or false
end

local function repeat_claim(runs, ids, token, deadline)
  for id in string.gmatch(ids, '%w+') do
    local run = open_run(id, 'status', 'workflow', 'queue', 'input', 'maxAttempts', 'createdAt', 'attempt', 'resume', 'startedAt', 'input1', 'token')
    if run and run[1] == 'running' and run[11] == token then
      redis.call('ZADD', key_leases(), 'XX', deadline, id)
      present(runs, id, run, run[7], run[9])
    end
  end
end

-- What is known of a workflow in this call: how many slots are free, and the call that leaves the lines of its runs.
local lanes = {}
local function lane_of(workflow)
  local lane = { free = slot_limit(workflow) - slots_held(workflow), begun = entries_of('HSET', key_begun(workflow)), lines = {} }
  lanes[workflow] = lane
  return lane
end

-- Not begun before, and nobody waits for its end: who wants more written than it has, writes it when it comes to it.
local function is_plain(run)
  return not (run[7] or run[8] or run[9] or run[11] or run[12] or run[13])
end

-- In the place of start_run: see read-run. Those of a call that were created in one millisecond share their line.
local function leave_line(id, run, lane, claim)
  local lines, begun, created_at = lane.lines, lane.begun, run[6]
  lines[created_at] = lines[created_at] or claim.head .. created_at .. ' ' .. run[2]
  local size = #begun
  if size == 2 then later_alone('ZADD', key_leases(), 'LT', claim.deadline, lease_of_begun(run[2])) end
  begun[size + 1], begun[size + 2] = id, lines[created_at]
end

-- Returns attempt and startedAt as they are presented. A first attempt is not written: it is that of whatever was started.
local function start_run(id, run, claim)
  local key, attempt = key_run(id), run[9] and math.max((tonumber(run[7]) or 1) + (run[8] and 0 or 1), 1) or 1
  redis.call('HSET', key, 'status', 'running', 'token', claim.token, 'startedAt', run[9] or now_text)
  if attempt > 1 then redis.call('HSET', key, 'attempt', text(attempt)) end
  if run[8] or run[11] then redis.call('HDEL', key, 'resume', 'runAt') end
  later('ZADD', key_leases(), claim.deadline, id)
  later('ZREM', key_index(run[2], 'queued'), id)
  later('ZADD', key_index(run[2], 'running'), run[6], id)
  return attempt > 1 and text(attempt), run[9]
end

-- Of what was begun, the hash says still that it is queued. Takes out of `runs`, from one place to another, those of which a
-- claim has left a line already.
local function drop_begun(runs, ids, workflow, first, last)
  local lines = redis.call('HMGET', key_begun(workflow), unpack(ids, first, last))
  for i = 1, #lines do
    if lines[i] then runs[first + i - 1] = false end
  end
end

-- The hashes of those that are to be taken; false for what is stale. As a rule, runs that follow each other are of one workflow.
local seen = {}
local function read_ready(ids)
  local runs, workflow, first = {}, nil, 1
  for i = 1, #ids do
    local id = ids[i]
    local run = not seen[id] and read_hash(id, 'status', 'workflow', 'queue', 'input', 'maxAttempts', 'createdAt', 'attempt', 'resume', 'startedAt', 'input1', 'runAt', 'waiters', 'dependents')
    seen[id] = true
    runs[i] = run and run[1] == 'queued' and run
    if runs[i] and run[2] and run[2] ~= workflow then
      if workflow then drop_begun(runs, ids, workflow, first, i - 1) end
      workflow, first = run[2], i
    end
  end
  if workflow then drop_begun(runs, ids, workflow, first, #ids) end
  return runs
end

local function claim_runs(at, last)
  local token, lease, limit, budget = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local presence, standby_token = ARGV[at + 5], ARGV[at + 6]
  local claim_key, deadline = key_claim(ARGV[at]), text(now + lease)
  local claim = { token = token, deadline = deadline, head = token .. begun_pad .. deadline .. ' ' .. now_text .. ' ' }
  local runs, taken, more, stands = {}, {}, 0, 0

  local function take(id, run)
    local workflow, created_at = run[2], run[6]
    if not intact(run[1], workflow, run[3], created_at) then
      -- Dropped: what it stood for goes to the next.
      if workflow then free_slot(workflow) end
      return
    end
    local lane = lanes[workflow] or lane_of(workflow)
    if lane.free <= 0 then return later('ZADD', key_parked(workflow), created_at, id) end
    lane.free = lane.free - 1
    local attempt, started_at = false, false
    if is_plain(run) then leave_line(id, run, lane, claim) else attempt, started_at = start_run(id, run, claim) end
    taken[#taken + 1] = id
    present(runs, id, run, attempt, started_at)
  end

  local function claim_from(queue)
    local ready = key_ready(queue)
    while #taken < limit and budget > 0 do
      local wanted = math.min(limit - #taken, budget)
      local ids = redis.call('LPOP', ready, wanted)
      if not ids then return end
      budget = budget - #ids
      local found = read_ready(ids)
      for i = 1, #ids do
        if found[i] then take(ids[i], found[i]) end
      end
      if #ids < wanted then return end
    end
    if redis.call('EXISTS', ready) == 1 then
      more = 1
      ring(queue)
    end
  end

  -- Of many queues most are empty: more and more of them are looked at in one call. Where the limit is reached, those
  -- that follow are left as they are: who has heard one of them, looks there first.
  local function claim_from_all(first, last)
    local size = 1
    while first <= last do
      local keys = {}
      for i = first, math.min(first + size - 1, last) do keys[#keys + 1] = key_ready(ARGV[i]) end
      local ready = size == 1 or redis.call('EXISTS', unpack(keys)) > 0
      for i = first, ready and first + #keys - 1 or 0 do
        if #taken == limit or budget <= 0 then
          more = 1
          return
        end
        claim_from(ARGV[i])
      end
      first, size = first + size, math.min(size * 8, 64)
    end
  end

  local _, next_due = promote_due(100)
  local former = redis.call('GET', claim_key) or ''
  -- What was handed over to this call before it was repeated is left for the next one, whose token it has.
  local given = given_by(former, token) or given_by(former, standby_token)
  if given then
    repeat_claim(runs, given, token, deadline)
    stands = (given_by(former, standby_token) or standing_of(former)) and 1 or 0
  else
    claim_from_all(at + 7, last)
    if presence ~= '' and more == 0 and #taken < limit and #taken <= 1 then stands = 1 end
    local left = #taken > 0 and token .. ' ' .. table.concat(taken, ' ') or ''
    if stands == 1 then
      left = left .. standing(standby_token, ARGV[at + 2], presence)
      stand_by(ARGV[at], at + 7, last)
    end
    if left ~= '' then
      redis.call('SET', claim_key, left, 'PX', math.max(lease * 2, standing_ms))
    elseif standing_of(former) then
      redis.call('DEL', claim_key)
    end
  end
  commit()
  unpark()
  local orphans = #taken < limit and redis.call('EXISTS', key_orphans()) or 0
  local lease_head = #runs == 0 and redis.call('ZRANGE', key_leases(), 0, 0, 'WITHSCORES')[2] or ''
  return now_text, next_due or '', more, stands, orphans, lease_head, runs
end
