-- A claim that leaves slots free and has found one run at most (where there are more, they come together) stands by:
-- until the next one, a start may give its worker a run at once, under a token that it has named. What the claim has left
-- says so: `<token> <ids> @<token to stand by> <lease> <presence>`. With the run that was handed over in place of that it
-- is `<token> <ids> <token to stand by> <id>`: so a claim that is repeated finds what it was given, and the next one,
-- which has the token to stand by for its own, finds that run.
--
-- Only for so long: a worker claims again before that, and a dead one must not be taken for one that stands by.
local standing_ms = 10000

local function standing(token, lease, presence)
  return ' @' .. token .. ' ' .. lease .. ' ' .. presence
end

local function standing_of(claim)
  local given, token, lease, presence = string.match(claim, '^([%w ]*)@(%w+) (%d+) (%w+)$')
  return token and { given = given, token = token, lease = tonumber(lease), presence = presence }
end

-- The runs given under a token, among the tokens; nil where it was not used.
local function given_by(claim, token)
  if token == '' or not string.find(claim, token, 1, true) then return nil end
  local given = string.match(claim, '^[%w ]*')
  return string.find(' ' .. given .. ' ', ' ' .. token .. ' ', 1, true) and given or nil
end

-- Behind the others that stand by for a queue, so that they take turns.
local function stand_by(claim_id, first, last)
  for i = first, last do
    redis.call('ZADD', key_standby(ARGV[i]), now_text, claim_id)
    redis.call('PEXPIRE', key_standby(ARGV[i]), standing_ms)
  end
end
