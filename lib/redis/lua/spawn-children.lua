-- Starts children of running runs: child run, step record and, where the child is awaited, the link
-- by which its outcome comes back; all or nothing per child.
--
-- KEYS  1 root of the keyspace
-- ARGV  per child 13: parent id, parent token, step, step record with the id of the new child, 1 if
--       awaited, then as in enqueue: id, workflow, queue, max attempts, input, part of the
--       idempotency key, idempotency key, its time to live
-- Returns  per child 5: state (1 started or found, 2 the parent is to be canceled, 0 lease lost), child id,
--          now, status of a child that has ended or '', its payload
-- Keys  run, begun, leases, steps, children, created, runWorkflows, index, ready, bell, scheduled, idempotency, workflow
-- Cost  O(log n) per child
-- Twice  the idempotency key finds the child of the first call
--- @include carry-on
--- @include create-run
--- @include dependents
local payload_field = { succeeded = 'output', failed = 'error', canceled = 'cancelReason' }
local result = {}
local function reply(...)
  for i = 1, 5 do result[#result + 1] = (select(i, ...)) end
end

-- Registers the step with a child that goes on. Returns status and payload of one that has ended.
local function await(child, parent, step)
  local run = open_run(child, 'status', 'dependents', 'output', 'error', 'cancelReason', 'output1')
  if not run or not run[1] then return 'failed', '' end
  local payload = run[1] == 'succeeded' and whole_text(child, 'output', run[3], run[6]) or run[1] == 'failed' and run[4] or run[1] == 'canceled' and run[5]
  if payload_field[run[1]] then return run[1], payload or '' end
  local links, linked = run[2] or '', false
  each_dependent(links, function(each, its_step) linked = linked or (each == parent and its_step == step) end)
  if not linked then redis.call('HSET', key_run(child), 'dependents', links .. dependent(parent, step)) end
  redis.call('SADD', key_children(parent), child)
  return '', ''
end

for i = 1, #ARGV, 13 do
  local parent, step = ARGV[i], ARGV[i + 2]
  local owner = read_run(parent, 'status', 'token', 'cancelRequestedAt')
  if not owner or owner[1] ~= 'running' or owner[2] ~= ARGV[i + 1] then
    reply(0, '', '', '', '')
  elseif owner[3] then
    reply(2, '', '', '', '')
  else
    local awaited = ARGV[i + 4] == '1'
    local wanted = ARGV[i + 5]
    local id = create_run({
      id = wanted, workflow = ARGV[i + 6], queue = ARGV[i + 7], max_attempts = ARGV[i + 8], input = ARGV[i + 9],
      run_at = '', delay = '', idempotency = ARGV[i + 10], idempotency_key = ARGV[i + 11], ttl = ARGV[i + 12],
      parent = parent, dependents = awaited and dependent(parent, step) or '',
    })
    -- The record names the child that was asked for; where another one was found, its id takes the place.
    local record = ARGV[i + 3]
    local from, to = string.find(record, wanted, 1, true)
    if id ~= wanted and from then
      record = string.sub(record, 1, from - 1) .. id .. string.sub(record, to + 1)
    end
    local status, payload = '', ''
    if awaited then status, payload = await(id, parent, step) end
    later('HSET', key_steps(parent), 's' .. step, record)
    if status ~= '' then later('HSET', key_steps(parent), 'o' .. step, status .. ' ' .. now_text .. '\n' .. payload) end
    reply(1, id, now_text, status, payload)
  end
end
commit()
ring_queues()
return result
