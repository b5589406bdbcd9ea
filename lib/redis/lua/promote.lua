-- Makes due runs ready: scheduled ones, and waiting ones whose wait has run out.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 most runs to promote
-- Returns  promoted, now, due time of the next run or ''
-- Keys  scheduled, run, index, ready, bell
-- Cost  O(k log n) for k promoted runs
-- Twice  what was promoted is no longer due
--- @include carry-on
--- @include promote-due
local promoted, next_due = promote_due(tonumber(ARGV[1]))
return { promoted, now_text, next_due or '' }
