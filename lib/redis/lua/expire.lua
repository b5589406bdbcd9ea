-- Removes finished runs that retention has outlived: of one workflow and status per call, by its index. That is in the order
-- in which they were created, and so, nearly, in that in which they ended: those at its head are looked at. Where they lasted
-- very differently, some that ended late may be in front of those that are outlived, so that another part is looked at, too.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 most runs to look at in one place
-- Returns  how many were removed, 1 if there is more to look at now
-- Keys  expiring, retention, run, steps, children, index, created
-- Cost  O(log n) per run
-- Twice  what is gone is gone
--- @include clock
--- @include read-run
--- @include remove-run
local most = tonumber(ARGV[1])
-- Where some are in front of others, and by what they say themselves nothing is due.
local look_again_ms = 60000
local plan = redis.call('ZRANGEBYSCORE', key_expiring(), '-inf', now_text, 'LIMIT', 0, 1)[1]
if not plan then return { 0, 0 } end
local workflow, status = string.match(plan, '^(.*):(%a+)$')
local index, age = key_index(workflow, status), tonumber(redis.call('HGET', key_retention(), plan) or '')
local removed, first_due = 0, nil

-- What is no run, or gone, leaves nothing but its places.
local function drop(id)
  redis.call('ZREM', index, id)
  redis.call('ZREM', key_created(), id)
end

-- Returns whether all of the page went.
local function look_at(from)
  local stayed = false
  for _, id in ipairs(redis.call('ZRANGE', index, from, from + most - 1)) do
    local run = read_hash(id, 'status', 'finishedAt')
    local due = run and run[1] == status and (tonumber(run[2]) or 0) + age
    if not run or not run[1] then
      drop(id)
    elseif due and due <= now then
      remove_run(id, workflow, status)
      removed = removed + 1
    else
      stayed = true
      first_due = due and math.min(first_due or due, due) or first_due
    end
  end
  return not stayed
end

local function next_look()
  if redis.call('EXISTS', index) == 0 then return nil end
  if look_at(0) then return redis.call('EXISTS', index) == 1 and now or nil end
  local early = redis.call('ZCOUNT', index, '-inf', text(now - age)) - most
  if early <= 0 then return first_due or now + look_again_ms end
  local before = removed
  look_at(most + now % early)
  return removed > before and now or math.min(first_due or math.huge, now + look_again_ms)
end

local at = age and next_look()
if at then
  redis.call('ZADD', key_expiring(), text(at), plan)
else
  redis.call('ZREM', key_expiring(), plan)
  redis.call('HDEL', key_retention(), plan)
end
local due = redis.call('ZRANGEBYSCORE', key_expiring(), '-inf', now_text, 'LIMIT', 0, 1)
return { removed, #due }
