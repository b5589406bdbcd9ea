-- A page of runs, newest first, merged over the indexes that the filter needs.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 status or '', 2 workflow or '', 3 '1' if a workflow is given, 4 limit, 5 offset,
--       6 createdAt of the last run of the page before or '', 7 its id
-- Returns  per run 3: id, createdAt, {hash}
-- Keys  created, runWorkflows, index, run, begun
-- Cost  O(indexes * (log n + limit + offset)); one index where status and workflow are given, or neither
-- Twice  reads only
--- @include show-run
local status, workflow, limit, offset = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local cursor_score, cursor_id = ARGV[6], ARGV[7]
local wanted = limit + offset

local indexes = {}
if ARGV[3] == '1' then
  local statuses = status ~= '' and { status } or { 'scheduled', 'queued', 'running', 'waiting', 'succeeded', 'failed', 'canceled' }
  for _, each in ipairs(statuses) do indexes[#indexes + 1] = key_index(workflow, each) end
elseif status ~= '' then
  for _, each in ipairs(redis.call('SMEMBERS', key_runWorkflows())) do indexes[#indexes + 1] = key_index(each, status) end
else
  indexes[1] = key_created()
end

-- Runs of one millisecond are in order of their ids, so those before the cursor are skipped by id.
local function newest(index)
  local found, start = {}, 0
  local max = cursor_score ~= '' and cursor_score or '+inf'
  while #found < wanted do
    local page = redis.call('ZREVRANGEBYSCORE', index, max, '-inf', 'WITHSCORES', 'LIMIT', start, wanted)
    for i = 1, #page, 2 do
      if cursor_score == '' or page[i + 1] ~= cursor_score or page[i] < cursor_id then
        found[#found + 1] = { page[i], page[i + 1] }
      end
    end
    if #page < wanted * 2 then break end
    start = start + wanted
  end
  return found
end

local runs = {}
for _, index in ipairs(indexes) do
  for _, entry in ipairs(newest(index)) do runs[#runs + 1] = entry end
end
if #indexes > 1 then
  table.sort(runs, function(a, b)
    local left, right = tonumber(a[2]), tonumber(b[2])
    if left ~= right then return left > right end
    return a[1] > b[1]
  end)
end
local ids = {}
for i = offset + 1, math.min(wanted, #runs) do ids[#ids + 1] = runs[i][1] end
local begun = #ids > 0 and redis.call('HMGET', key_begun(), unpack(ids))
local result = {}
for i, id in ipairs(ids) do
  result[#result + 1] = id
  result[#result + 1] = runs[offset + i][2]
  result[#result + 1] = show_run(id, begun[i])
end
return result
