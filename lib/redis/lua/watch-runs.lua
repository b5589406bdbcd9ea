-- Registers a client that waits for the end of runs; answers at once for those that have ended.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 client id, then run ids
-- Returns  per run 2: status ('missing' for none), payload of one that has ended
-- Keys  run, begun, leases, index
-- Cost  O(1) per run
-- Twice  a client is registered once
--- @include carry-on
--- @include read-run
--- @include long-text
local client = ARGV[1]
local result = {}
for i = 2, #ARGV do
  local run = open_run(ARGV[i], 'status', 'waiters', 'output', 'error', 'cancelReason', 'output1')
  local status = run and run[1] or 'missing'
  local payload = false
  if status == 'succeeded' then payload = whole_text(ARGV[i], 'output', run[3], run[6])
  elseif status == 'failed' then payload = run[4]
  elseif status == 'canceled' then payload = run[5]
  elseif status ~= 'missing' then
    local waiters = run[2] or ''
    if not string.find(waiters, client, 1, true) then
      -- Those that have gone never say so: the latest are kept, and others ask again from time to time.
      redis.call('HSET', key_run(ARGV[i]), 'waiters', string.sub(client .. ' ' .. waiters, 1, 2048))
    end
  end
  result[#result + 1] = status
  result[#result + 1] = payload or false
end
return result
