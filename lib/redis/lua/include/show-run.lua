--- @include read-run
-- The fields of a run one after the other, as HGETALL gives them, for those who look at it; none where the key is no hash.
-- `line`: what its claim has left in `begun`, or false.
local function show_run(id, line)
  local fields = redis.pcall('HGETALL', key_run(id))
  if fields.err then return {} end
  local begun = parse_begun(line)
  for i = 1, begun and #fields or 0, 2 do
    if fields[i] == 'status' and fields[i + 1] == 'queued' then
      fields[i + 1] = 'running'
      for _, value in ipairs({ 'token', begun.token, 'startedAt', begun.startedAt }) do fields[#fields + 1] = value end
      break
    end
  end
  return fields
end
