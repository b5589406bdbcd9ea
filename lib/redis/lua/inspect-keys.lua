-- Type and time to live of keys.
--
-- KEYS  1 root of the keyspace
-- ARGV  keys
-- Returns  per key 2: type ('none' if it is gone), time to live (ms; -1 for none, -2 if it is gone)
-- Keys  those given
-- Cost  O(1) per key
-- Twice  reads only
local result = {}
for _, key in ipairs(ARGV) do
  result[#result + 1] = redis.call('TYPE', key).ok
  result[#result + 1] = redis.call('PTTL', key)
end
return result
