-- What is known of statuses. A status that is none of these comes from a later version, or from nobody:
-- the doctor leaves such runs alone.
local statuses = { 'scheduled', 'queued', 'running', 'waiting', 'succeeded', 'failed', 'canceled' }
local known = {}
for _, status in ipairs(statuses) do known[status] = true end
local ended = { succeeded = true, failed = true, canceled = true }
