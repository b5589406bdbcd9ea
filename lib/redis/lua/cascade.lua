-- Cancels children of canceled parents, a bounded number per call.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 most children, 2 reason, 3-4 retention: age (ms), count; '' for no limit
-- Returns  1 if more is left, else 0
-- Keys  cascades, children, and those of cancel
-- Cost  O(log n) per child
-- Twice  a canceled child is left alone
--- @include carry-on
--- @include cancel-run
local rule = retention_rule(ARGV[3], ARGV[4])
local parent = redis.call('SRANDMEMBER', key_cascades())
if not parent then return 0 end
local children = redis.call('SPOP', key_children(parent), tonumber(ARGV[1]))
for _, child in ipairs(children) do
  -- A run that somebody else has started, and that was only awaited, goes on.
  local run = read_run(child, 'parentRunId')
  if run and run[1] == parent then cancel_run(child, ARGV[2], false, rule) end
end
if redis.call('EXISTS', key_children(parent)) == 0 then redis.call('SREM', key_cascades(), parent) end
commit()
trim()
unpark()
return redis.call('EXISTS', key_cascades())
