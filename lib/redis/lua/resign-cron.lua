-- Gives the leadership of cron up, so that another worker takes it at once.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 leader id
-- Returns  1 if it was held, else 0
-- Keys  cronLock
-- Cost  O(1)
-- Twice  the second call finds it free
if redis.call('GET', key_cronLock()) ~= ARGV[1] then return 0 end
return redis.call('DEL', key_cronLock())
