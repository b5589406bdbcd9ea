-- The steps of runs: fields and the first line of each, without the payloads.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 most fields to give of a run, then run ids
-- Returns  per run 1 array: status ('' if it has none, 'gone' if the run is), number of fields, then, where these are not too many, per
--          field 2: name, first line
-- Keys  run, begun, steps
-- Cost  O(fields), of which payloads are read and not returned
-- Twice  reads only
--- @include read-run
local most = tonumber(ARGV[1])
local result = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local size = redis.pcall('HLEN', key_steps(id))
  if type(size) ~= 'number' then size = 0 end
  local run = read_run(id, 'status') or {}
  local row = { run[1] or (redis.call('EXISTS', key_run(id)) == 1 and '' or 'gone'), size }
  local fields = size > 0 and size <= most and redis.call('HGETALL', key_steps(id)) or {}
  for j = 1, #fields, 2 do
    row[#row + 1] = fields[j]
    row[#row + 1] = string.match(fields[j + 1], '^[^\n]*')
  end
  result[#result + 1] = row
end
return result
