-- Suspends a run until a child that it awaits has ended, or until a time: lease and slot are given
-- back. An outcome that has arrived before wins: the run goes on instead.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 run id, 2 token, 3 wake at (ms) or '', 4.. the steps that it awaits
-- Returns  'suspended', 'lost', 'cancel_requested', or 'woken' and per outcome 2: step, outcome
-- Keys  run, begun, steps, scheduled, leases, index, parked, ready, bell
-- Cost  O(log n + steps)
-- Twice  a run that this token has suspended answers 'suspended' again
--- @include carry-on
--- @include clock
--- @include batch
--- @include read-run
--- @include slots
--- @include schedule
local id, token, wake_at = ARGV[1], ARGV[2], tonumber(ARGV[3])
local run = open_run(id, 'status', 'token', 'cancelRequestedAt', 'workflow', 'queue', 'createdAt')
if not run or run[2] ~= token or not intact(run[1], run[4], run[5], run[6]) then return { 'lost' } end
if run[1] ~= 'running' then return { (run[1] == 'waiting' or run[1] == 'queued') and 'suspended' or 'lost' } end
if run[3] then return { 'cancel_requested' } end
local woken = { 'woken' }
for i = 4, #ARGV do
  local outcome = redis.call('HGET', key_steps(id), 'o' .. ARGV[i])
  if outcome then
    woken[#woken + 1] = ARGV[i]
    woken[#woken + 1] = outcome
  end
end
if #woken > 1 or (wake_at and wake_at <= now) then return woken end
redis.call('HSET', key_run(id), 'status', 'waiting', 'resume', '1')
-- It has come this far: former recoveries no longer speak of a poison pill.
redis.call('HDEL', key_run(id), 'recoveries')
redis.call('ZREM', key_leases(), id)
later('ZREM', key_index(run[4], 'running'), id)
later('ZADD', key_index(run[4], 'waiting'), run[6], id)
commit()
if wake_at then schedule(id, run[5], wake_at) end
free_slot(run[4])
unpark()
return { 'suspended' }
