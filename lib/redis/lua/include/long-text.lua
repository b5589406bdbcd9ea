-- Long text in the hash of a run. Redis keeps a hash in one compact block (a listpack) as long as no value is longer
-- than 64 bytes (hash-max-listpack-value), and takes about twice the memory for it otherwise. So a text that is longer
-- lies in pieces: in the field of its name, then in `<name>1`, `<name>2`, ... Longer ones still are worth no pieces.
local longest_piece, shortest_piece, longest_in_pieces = 64, 61, 480

-- Appends the arguments by which HSET writes the text.
local function put_text(fields, name, value)
  if #value <= longest_piece or #value > longest_in_pieces then
    fields[#fields + 1] = name
    fields[#fields + 1] = value
    return
  end
  local at, piece = 1, 0
  while at <= #value do
    local last = math.min(at + longest_piece - 1, #value)
    -- Not within a character of UTF-8: pieces are decoded one by one.
    while last < #value and last > at + shortest_piece - 1 and string.find(value, '^[\128-\191]', last + 1) do last = last - 1 end
    fields[#fields + 1] = piece == 0 and name or name .. piece
    fields[#fields + 1] = string.sub(value, at, last)
    at, piece = last + 1, piece + 1
  end
end

-- The whole text, of which `first` and `second` lie in the fields `<name>` and `<name>1`.
local function whole_text(id, name, first, second)
  if not second then return first end
  if #second < shortest_piece then return first .. second end
  local rest = redis.call('HMGET', key_run(id), name .. 2, name .. 3, name .. 4, name .. 5, name .. 6, name .. 7)
  local pieces = { first, second }
  for i = 1, #rest do
    if not rest[i] then break end
    pieces[i + 2] = rest[i]
  end
  return table.concat(pieces)
end
