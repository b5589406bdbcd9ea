-- Which members of an index, of a set of children, or of what claims have left, do not belong there: the run is gone, or its hash
-- says otherwise. A run that cannot be read is left alone: it is reported as such. If asked, they are removed.
-- A run of which its claim has left no more than a line is where its hash says, but it is not parked.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 key, 2 '1' to remove, 3 statuses that its runs may have, 4 workflow that they must have, 5 '1' if
--       the workflow counts, then members
-- Returns  per member that does not belong 2: id, its status or ''
-- Keys  the index, set or hash, run, begun, parked, leases
-- Cost  O(log n) per member
-- Twice  what is gone is gone
--- @include read-run
--- @include run-status
local key, remove = ARGV[1], ARGV[2] == '1'
local commands = {
  zset = { find = 'ZSCORE', remove = 'ZREM' },
  set = { find = 'SISMEMBER', remove = 'SREM' },
  hash = { find = 'HEXISTS', remove = 'HDEL' },
}
local command = commands[redis.call('TYPE', key).ok]
local read = key == key_parked(ARGV[4]) and read_run or read_hash
local allowed = {}
for status in string.gmatch(ARGV[3], '%S+') do allowed[status] = true end

local function belongs(id)
  if is_lease_of_begun(id) then return key == key_leases() and redis.call('EXISTS', key_begun(string.sub(id, 2))) == 1, '' end
  local run = read(id, 'status', 'workflow', 'queue', 'createdAt')
  if not run then return true end
  if not intact(unpack(run)) or not known[run[1]] then return redis.call('EXISTS', key_run(id)) == 1, '' end
  return allowed[run[1]] and (ARGV[5] ~= '1' or run[2] == ARGV[4]), run[1]
end

local result = {}
for i = 6, #ARGV do
  local id = ARGV[i]
  local in_order, status = belongs(id)
  local found = not in_order and command and redis.call(command.find, key, id)
  if found and found ~= 0 then
    if remove then redis.call(command.remove, key, id) end
    result[#result + 1] = id
    result[#result + 1] = status
  end
end
return result
