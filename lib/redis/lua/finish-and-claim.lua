-- Ends executions and gives their worker the next runs, in one call: what a busy worker asks for.
--
-- KEYS  1 root of the keyspace
-- ARGV  1 number of arguments of the claim, then those of claim, then those of finish
-- Returns  what claim returns, then what finish returns
-- Keys  those of claim and of finish
-- Cost  O(log n) per run
-- Twice  as finish, and as claim
--- @include carry-on
--- @include finish-runs
--- @include claim-runs
local claim_ends = 1 + tonumber(ARGV[1])
local finished = finish_runs(claim_ends + 7, #ARGV, claim_ends + 1)
local result = { claim_runs(2, claim_ends) }
result[8] = finished
return result
