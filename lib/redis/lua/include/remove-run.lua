--- @include clock
--- @include read-run
-- An idempotency key outlives its run: until its own time to live ends, it says that there was one.
local function keep_key(id, workflow)
  local run = read_run(id, 'idempotencyKey')
  if not run or not run[1] then return end
  -- As encodeURIComponent does it.
  local function encode(text)
    return (string.gsub(text, "[^%w%-_%.!~%*'%(%)]", function(char) return string.format('%%%02X', string.byte(char)) end))
  end
  local pointer = key_idempotency(encode(workflow) .. ':' .. encode(run[1]))
  if redis.call('GET', pointer) == id then redis.call('SET', pointer, '-' .. id, 'KEEPTTL') end
end

-- Removes a terminal run and every trace of it but its idempotency key.
local function remove_run(id, workflow, status)
  keep_key(id, workflow)
  redis.call('ZREM', key_index(workflow, status), id)
  redis.call('ZREM', key_created(), id)
  redis.call('UNLINK', key_run(id), key_steps(id))
  -- Children that are still to be canceled with it are found by what it leaves.
  if redis.call('SISMEMBER', key_cascades(), id) == 0 then redis.call('UNLINK', key_children(id)) end
end

-- Bounded per finished run, so that no call is slow: a lowered count is reached over some calls.
local trimmed = {}
local function trim_index(workflow, status, count)
  local index = key_index(workflow, status)
  local rule = trimmed[index]
  if not rule then
    rule = { workflow = workflow, status = status, count = count, finished = 0 }
    trimmed[index] = rule
  end
  rule.finished = rule.finished + 1
end
-- The index is by creation; of the oldest, those go first that ended first, and what has ended just now stays,
-- unless none is to be kept.
local function longest_ended(index, count, keep)
  local ended = {}
  for _, id in ipairs(redis.call('ZRANGE', index, 0, count + 19)) do
    local run = read_run(id, 'finishedAt')
    local at = run and tonumber(run[1] or '0') or 0
    if at < now or keep == 0 then ended[#ended + 1] = { id, at } end
  end
  table.sort(ended, function(a, b)
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[1] < b[1]
  end)
  local ids = {}
  for i = 1, math.min(count, #ended) do ids[i] = ended[i][1] end
  return ids
end
local function trim()
  for index, rule in pairs(trimmed) do
    local excess = redis.call('ZCARD', index) - rule.count
    if excess > 0 then
      for _, id in ipairs(longest_ended(index, math.min(excess, rule.finished + 3), rule.count)) do remove_run(id, rule.workflow, rule.status) end
    end
  end
end
