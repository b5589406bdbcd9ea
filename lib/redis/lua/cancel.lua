-- Cancels a run.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 run id, 2 reason or '', 3 '1' to keep its children, 4-5 retention: age (ms), count; '' for no limit
-- Returns  'canceled', 'requested', 'unchanged' or 'missing'
-- Keys  run, begun, leases, steps, children, scheduled, parked, index, expiring, retention, created, ready, bell, cascades
-- Cost  O(log n)
-- Twice  the second call finds it canceled: 'unchanged'
--- @include carry-on
--- @include cancel-run
local result = cancel_run(ARGV[1], ARGV[2], ARGV[3] == '1', retention_rule(ARGV[4], ARGV[5]))
commit()
trim()
unpark()
return result
