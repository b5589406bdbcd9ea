-- Which members of an index, or of a set of children, do not belong there: the run is gone, or its hash
-- says otherwise. A run that cannot be read is left alone: it is reported as such. If asked, they are removed.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 key, 2 '1' to remove, 3 statuses that its runs may have, 4 workflow that they must have, 5 '1' if
--       the workflow counts, then members
-- Returns  per member that does not belong 2: id, its status or ''
-- Keys  the index or set, run
-- Cost  O(log n) per member
-- Twice  what is gone is gone
--- @include read-run
--- @include run-status
local key, remove = ARGV[1], ARGV[2] == '1'
local is_set = redis.call('TYPE', key).ok == 'set'
local allowed = {}
for status in string.gmatch(ARGV[3], '%S+') do allowed[status] = true end

local function belongs(id)
  local run = read_run(id, 'status', 'workflow', 'queue', 'createdAt')
  if not run then return true end
  if not intact(unpack(run)) or not known[run[1]] then return redis.call('EXISTS', key_run(id)) == 1, '' end
  return allowed[run[1]] and (ARGV[5] ~= '1' or run[2] == ARGV[4]), run[1]
end

local result = {}
for i = 6, #ARGV do
  local id = ARGV[i]
  local in_order, status = belongs(id)
  if not in_order and redis.call(is_set and 'SISMEMBER' or 'ZSCORE', key, id) ~= (is_set and 0 or false) then
    if remove then redis.call(is_set and 'SREM' or 'ZREM', key, id) end
    result[#result + 1] = id
    result[#result + 1] = status
  end
end
return result
