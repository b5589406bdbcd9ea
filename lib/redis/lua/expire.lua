-- Removes finished runs that retention has outlived.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 most runs
-- Returns  how many were looked at
-- Keys  expiring, run, steps, children, index, created
-- Cost  O(log n) per run
-- Twice  what is gone is gone
--- @include clock
--- @include read-run
--- @include remove-run
local due = redis.call('ZRANGEBYSCORE', key_expiring(), '-inf', now_text, 'LIMIT', 0, tonumber(ARGV[1]))
for _, id in ipairs(due) do
  local run = read_run(id, 'status', 'workflow')
  local ended = run and (run[1] == 'succeeded' or run[1] == 'failed' or run[1] == 'canceled')
  if ended and run[2] then
    remove_run(id, run[2], run[1])
  elseif run and run[1] then
    redis.call('ZREM', key_expiring(), id)
  else
    redis.call('ZREM', key_expiring(), id)
    redis.call('ZREM', key_created(), id)
  end
end
return #due
