-- Gives a worker up to as many ready runs as it has free slots, with lease, concurrency slot, token
-- and history. Promotes what is due first. Drops what cannot be executed; parks what finds no slot.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 worker id, 2 token, 3 lease (ms), 4 most runs, 5 most entries to look at, 6.. queues
-- Returns  now, due time of the next run or '', 1 if more is left, 1 if there are orphans (looked for
--          where slots stay free), deadline of the next lease or '' (looked for where nothing was
--          claimed), runs: id, workflow, queue, input, attempt, max attempts, createdAt, startedAt, {steps hash}
-- Keys  claim, scheduled, ready, run, steps, index, workflow, leases, parked, orphans, bell
-- Cost  O(log n) per run
-- Twice  the token names the call: a repeated one gives the runs that the first has taken
--- @include carry-on
--- @include clock
--- @include batch
--- @include read-run
--- @include promote-due
--- @include slots
local worker, token, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local limit, budget = tonumber(ARGV[4]), tonumber(ARGV[5])
local deadline = text(now + lease)
local taken, runs = {}, {}

local function present(id, run, attempt, started_at)
  local history = (run[5] or run[8]) and redis.pcall('HGETALL', key_steps(id)) or {}
  if history.err then history = {} end
  runs[#runs + 1] = { id, run[2], run[3], run[4] or false, attempt, run[6] or '1', run[7], started_at, history }
end

local function repeat_claim(ids)
  for id in string.gmatch(ids, '%w+') do
    local run = read_run(id, 'status', 'workflow', 'queue', 'input', 'attempt', 'maxAttempts', 'createdAt', 'resume', 'token', 'startedAt')
    if run and run[1] == 'running' and run[9] == token then
      redis.call('ZADD', key_leases(), 'XX', deadline, id)
      present(id, run, run[5], run[10])
    end
  end
end

local holders, limits = {}, {}
local function has_slot(workflow)
  if not holders[workflow] then
    holders[workflow] = redis.call('ZCARD', key_index(workflow, 'running'))
    limits[workflow] = tonumber(redis.call('HGET', key_workflow(workflow), 'maxConcurrency') or '1') or 1
  end
  return holders[workflow] < limits[workflow]
end

local function take(id, run)
  local workflow = run[2]
  holders[workflow] = holders[workflow] + 1
  local attempt = run[5] and text(math.max((tonumber(run[5]) or 0) + (run[8] and 0 or 1), 1)) or '1'
  local started_at = run[9] or now_text
  local key = key_run(id)
  if run[9] then
    redis.call('HSET', key, 'status', 'running', 'token', token, 'attempt', attempt)
  else
    redis.call('HSET', key, 'status', 'running', 'token', token, 'attempt', attempt, 'startedAt', now_text)
  end
  if run[8] or run[10] then redis.call('HDEL', key, 'resume', 'runAt') end
  later('ZADD', key_leases(), deadline, id)
  later('ZREM', key_index(workflow, 'queued'), id)
  later('ZADD', key_index(workflow, 'running'), run[7], id)
  taken[#taken + 1] = id
  present(id, run, attempt, started_at)
end

local more = 0
local function claim_from(queue)
  local ready = key_ready(queue)
  while #taken < limit and budget > 0 do
    local ids = redis.call('LPOP', ready, math.min(limit - #taken, budget))
    if not ids then return end
    budget = budget - #ids
    for _, id in ipairs(ids) do
      local run = read_run(id, 'status', 'workflow', 'queue', 'input', 'attempt', 'maxAttempts', 'createdAt', 'resume', 'startedAt', 'runAt')
      if run and run[1] == 'queued' then
        if not intact(run[1], run[2], run[3], run[7]) then
          -- Dropped: what it stood for goes to the next.
          if run[2] then free_slot(run[2]) end
        elseif has_slot(run[2]) then
          take(id, run)
        else
          later('ZADD', key_parked(run[2]), run[7], id)
        end
      end
    end
  end
  if redis.call('EXISTS', ready) == 1 then
    more = 1
    ring(queue)
  end
end

local _, next_due = promote_due(100)
local last = redis.call('GET', key_claim(worker))
if last and string.sub(last, 1, #token) == token then
  repeat_claim(string.sub(last, #token + 1))
else
  for i = 6, #ARGV do claim_from(ARGV[i]) end
  if #taken > 0 then
    redis.call('SET', key_claim(worker), token .. ' ' .. table.concat(taken, ' '), 'PX', lease * 2)
  end
end
commit()
unpark()
local orphans = #runs < limit and redis.call('EXISTS', key_orphans()) or 0
local lease_head = #runs == 0 and redis.call('ZRANGE', key_leases(), 0, 0, 'WITHSCORES')[2] or ''
return { now_text, next_due or '', more, orphans, lease_head, runs }
