-- Registered workflows: set and metadata, and, if asked, the set made to agree with the metadata.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 '1' to repair, then names
-- Returns  per name 6: 1 if it is in the set, 1 if it has metadata, then name, app, maxConcurrency, cronKeys
--          ('' where missing)
-- Keys  workflows, workflow
-- Cost  O(1) per name
-- Twice  finds set and metadata in agreement
local repair = ARGV[1] == '1'
local result = {}
for i = 2, #ARGV do
  local name = ARGV[i]
  local listed = redis.pcall('SISMEMBER', key_workflows(), name)
  local fields = redis.pcall('HMGET', key_workflow(name), 'name', 'app', 'maxConcurrency', 'cronKeys')
  local described = redis.call('EXISTS', key_workflow(name))
  if type(listed) ~= 'number' then listed = described end
  if repair and described ~= listed then redis.call(described == 1 and 'SADD' or 'SREM', key_workflows(), name) end
  result[#result + 1] = listed
  result[#result + 1] = described
  for j = 1, 4 do result[#result + 1] = not fields.err and fields[j] or '' end
end
return result
