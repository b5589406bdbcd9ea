-- Where a queued run is to be found.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 run id
-- Returns  'ready', 'parked', 'orphans', 'nowhere', or 'moved' for a run that is no longer queued
-- Keys  run, ready, parked, orphans
-- Cost  O(length of the ready list): only for a run that a walk over the lists has not met
-- Twice  reads only
--- @include read-run
local run = read_run(ARGV[1], 'status', 'workflow', 'queue')
if not run or run[1] ~= 'queued' then return 'moved' end
if redis.call('ZSCORE', key_parked(run[2]), ARGV[1]) then return 'parked' end
if redis.call('LPOS', key_ready(run[3]), ARGV[1]) then return 'ready' end
if redis.call('LPOS', key_orphans(), ARGV[1]) then return 'orphans' end
return 'nowhere'
