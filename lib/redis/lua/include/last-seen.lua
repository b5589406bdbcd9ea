-- When somebody last stood for a registered workflow: its registration, or a sign of life of its app since then.
local function last_seen(app, name, updated_at)
  local sign = redis.call('ZSCORE', key_alive(app), name)
  return math.max(tonumber(updated_at or '0') or 0, tonumber(sign or '0'))
end
