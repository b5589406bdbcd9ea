-- A run as it is.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 run id
-- Returns  its hash, as HGETALL gives it; empty for none
-- Keys  run, begun
-- Cost  O(1)
-- Twice  reads only
--- @include show-run
return show_run(ARGV[1])
