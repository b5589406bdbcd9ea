-- What a waiting run waits for, and, if asked, what was lost of it put right: the outcome of a child that has
-- ended is delivered, a child that goes on is linked again, and a run that nothing would wake is woken.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 run id, 2 '1' to repair, 3 number of fields in its steps when these were read, 4 number of children
--       that former calls for it have found to go on, or '' if calls for other steps follow, then per step
--       that awaits a child 2: step, child id
-- Returns  'moved' for a run that does not wait, or whose steps have changed; else 'asleep' if nothing would
--          ever wake it, or 'waiting'; then 1 if it was woken, the number of children that go on, then per step
--          that waits for nothing 3: step, why ('unlinked', 'undelivered', 'gone'), 1 if it was repaired
-- Keys  run, begun, leases, steps, children, index, scheduled, ready, bell
-- Cost  O(log n) per step
-- Twice  finds everything in order
--- @include clock
--- @include read-run
--- @include run-status
--- @include dependents
--- @include wake-run
--- @include long-text
local id, repair, earlier = ARGV[1], ARGV[2] == '1', tonumber(ARGV[4])
local run = read_run(id, 'status', 'workflow', 'queue', 'createdAt')
if not run or run[1] ~= 'waiting' or not intact(unpack(run)) then return { 'moved' } end
if redis.call('HLEN', key_steps(id)) ~= tonumber(ARGV[3]) then return { 'moved' } end

local function has_dependent(dependents, step)
  local found = false
  each_dependent(dependents, function(parent, its_step) found = found or (parent == id and its_step == step) end)
  return found
end

local pending, delivered, broken = 0, 0, {}
local function note(step, why, repaired)
  for _, value in ipairs({ step, why, repaired and 1 or 0 }) do broken[#broken + 1] = value end
end

local function check_link(step, child, dependents)
  local told = has_dependent(dependents, step)
  if told and redis.call('SISMEMBER', key_children(id), child) == 1 then return end
  if repair then
    if not told then redis.call('HSET', key_run(child), 'dependents', dependents .. dependent(id, step)) end
    redis.call('SADD', key_children(id), child)
  end
  note(step, 'unlinked', repair)
end

local function deliver(step, child, status, payload)
  if repair then
    redis.call('HSET', key_steps(id), 'o' .. step, status .. ' ' .. now_text .. '\n' .. payload)
    redis.call('SREM', key_children(id), child)
    delivered = delivered + 1
  end
  note(step, 'undelivered', repair)
end

for i = 5, #ARGV, 2 do
  local step, child_id = ARGV[i], ARGV[i + 1]
  if redis.call('HEXISTS', key_steps(id), 'o' .. step) == 0 then
    local child = (repair and open_run or read_run)(child_id, 'status', 'dependents', 'output', 'error', 'cancelReason', 'output1') or {}
    local status = child[1]
    if not status or not known[status] then
      note(step, 'gone', false)
    elseif ended[status] then
      local payload = status == 'succeeded' and whole_text(child_id, 'output', child[3], child[6]) or status == 'failed' and child[4] or status == 'canceled' and child[5]
      deliver(step, child_id, status, payload or '')
    else
      pending = pending + 1
      check_link(step, child_id, child[2] or '')
    end
  end
end

local asleep = earlier and earlier + pending == 0 and not redis.call('ZSCORE', key_scheduled(), id)
-- A run that waits for a child that is gone would only fall asleep again.
local woken = repair and (delivered > 0 or (asleep and #broken == 0))
if woken then wake_run(id, run[2], run[3], run[4]) end
local result = { asleep and 'asleep' or 'waiting', woken and 1 or 0, pending }
for _, value in ipairs(broken) do result[#result + 1] = value end
return result
