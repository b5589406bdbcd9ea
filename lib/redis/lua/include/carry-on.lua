-- When the memory is full, only new runs are refused. Redis refuses commands that may need memory until a
-- script has written, and this is a write; the root is never a key, so that nothing is removed.
redis.call('DEL', root)
