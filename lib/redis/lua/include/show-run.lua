--- @include read-run
-- The fields of a run one after the other, as HGETALL gives them, for those who look at it; none where the key is no hash.
local function show_run(id)
  local fields, place_of = redis.pcall('HGETALL', key_run(id)), {}
  if fields.err then return {} end
  for i = 1, #fields, 2 do place_of[fields[i]] = i + 1 end
  local workflow = fields[place_of.status] == 'queued' and fields[place_of.workflow]
  local begun = workflow and parse_begun(redis.pcall('HGET', key_begun(workflow), id))
  if begun then
    fields[place_of.status] = 'running'
    for _, value in ipairs({ 'token', begun.token, 'startedAt', begun.startedAt }) do fields[#fields + 1] = value end
  end
  return fields
end
