-- A page of runs, newest first, merged over the indexes that the filter needs.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 status or '', 2 workflow or '', 3 '1' if a workflow is given, 4 limit, 5 offset,
--       6 createdAt of the last run of the page before or '', 7 its id
-- Returns  per run 3: id, createdAt, {hash}
-- Keys  created, runWorkflows, index, run, begun
-- Cost  O(indexes * (log n + limit + offset)); one index where status and workflow are given, or neither; for running runs
--       also those that were begun in the last half second
-- Twice  reads only
--- @include show-run
local status, workflow, limit, offset = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local cursor_score, cursor_id = ARGV[6], ARGV[7]
local wanted = limit + offset

-- Where a run was begun and no more than a line says so (see read-run), the index has it among the queued ones still: these
-- are left out of a list of queued runs, and put into one of running ones. Where all statuses are asked for, they are there.
local sources, begun_sources = {}, {}
local function add_source(name, its_status)
  sources[#sources + 1] = { index = key_index(name, its_status), begun = status == 'queued' and key_begun(name) }
  if status == 'running' then begun_sources[#begun_sources + 1] = key_begun(name) end
end
if ARGV[3] == '1' then
  local statuses = status ~= '' and { status } or { 'scheduled', 'queued', 'running', 'waiting', 'succeeded', 'failed', 'canceled' }
  for _, each in ipairs(statuses) do add_source(workflow, each) end
elseif status ~= '' then
  for _, each in ipairs(redis.call('SMEMBERS', key_runWorkflows())) do add_source(each, status) end
else
  sources[1] = { index = key_created() }
end

local runs = {}
-- Runs of one millisecond are in order of their ids, so those before the cursor are skipped by id.
local function is_behind_cursor(id, score)
  if cursor_score == '' then return true end
  if score ~= cursor_score then return tonumber(score) < tonumber(cursor_score) end
  return id < cursor_id
end

local function lines_of(source, page)
  local ids = {}
  for i = 1, source.begun and #page or 0, 2 do ids[#ids + 1] = page[i] end
  return #ids > 0 and redis.call('HMGET', source.begun, unpack(ids)) or {}
end

local function add_newest(source)
  local found, start = 0, 0
  local max = cursor_score ~= '' and cursor_score or '+inf'
  while found < wanted do
    local page = redis.call('ZREVRANGEBYSCORE', source.index, max, '-inf', 'WITHSCORES', 'LIMIT', start, wanted)
    local lines = lines_of(source, page)
    for i = 1, #page, 2 do
      if is_behind_cursor(page[i], page[i + 1]) and not lines[(i + 1) / 2] then
        found = found + 1
        runs[#runs + 1] = { page[i], page[i + 1] }
      end
    end
    if #page < wanted * 2 then break end
    start = start + wanted
  end
end

local function add_begun(key)
  local lines = redis.call('HGETALL', key)
  for i = 1, #lines, 2 do
    local begun = parse_begun(lines[i + 1])
    if begun and is_behind_cursor(lines[i], begun.createdAt) then runs[#runs + 1] = { lines[i], begun.createdAt } end
  end
end

for _, source in ipairs(sources) do add_newest(source) end
for _, key in ipairs(begun_sources) do add_begun(key) end
if #sources + #begun_sources > 1 then
  table.sort(runs, function(a, b)
    local left, right = tonumber(a[2]), tonumber(b[2])
    if left ~= right then return left > right end
    return a[1] > b[1]
  end)
end
local result = {}
for i = offset + 1, math.min(wanted, #runs) do
  result[#result + 1] = runs[i][1]
  result[#result + 1] = runs[i][2]
  result[#result + 1] = show_run(runs[i][1])
end
return result
