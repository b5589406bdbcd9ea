-- The only clock that decides: Redis time in ms. `now_text` is safe to concatenate and to store.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end
local now_text = text(now)
