-- Windows behind a guard. Records, heads and what is cached are opaque bytes here; windows.py says what is in them.
-- Every key begins with keys[1], the prefix: one node, no cluster. Nothing is written before all of it was compared.

local MOST = 1000 -- unpack() takes no more
local NAMES = 9 -- args: counts of partitions, ids, cards, merchants, devices; bytes of their records; then the names
local NEVER_COUNTED = '\0\0\0\0\0\0\0\0'
local GENERATIONS = 4 -- full sets of ids that are remembered beside the one that fills

local function in_parts(args, from, count, call)
  for first = from, from + count - 1, MOST do
    local part = {}
    for at = first, math.min(first + MOST, from + count) - 1 do
      part[#part + 1] = args[at]
    end
    call(part)
  end
end

local function known_ids(prefix, args, from, count)
  local newest, known = tonumber(redis.call('GET', prefix .. 'i') or 0), {}
  in_parts(args, from, count, function(part)
    local marks = {}
    for generation = math.max(0, newest - GENERATIONS), newest do
      for at, mark in ipairs(redis.call('SMISMEMBER', prefix .. 'i:' .. generation, unpack(part))) do
        marks[at] = math.max(marks[at] or 0, mark)
      end
    end
    known[#known + 1] = table.concat(marks)
  end)
  return table.concat(known), newest
end

-- Returns the partitions' heads, which ids are known, and of cards, merchants and devices which are there and how.
local function look(keys, args)
  local prefix, at, heads = keys[1], NAMES, {}
  for partition = 1, tonumber(args[1]) do
    heads[partition] = redis.call('GET', prefix .. 'g:' .. args[at]) or ''
    at = at + 1
  end
  local found = { heads, (known_ids(prefix, args, at, tonumber(args[2]))) }
  at = at + tonumber(args[2])
  for kind, letter in ipairs { 'c:', 'm:', 'd:' } do
    local count, length = tonumber(args[2 + kind]), tonumber(args[5 + kind])
    local named, there, rows = {}, {}, {}
    for number = 0, count - 1 do
      named[number + 1] = prefix .. letter .. args[at + number]
    end
    in_parts(named, 1, count, function(part)
      for _, row in ipairs(redis.call('MGET', unpack(part))) do
        there[#there + 1] = row and 1 or 0
        rows[#rows + 1] = row or nil
      end
    end)
    for _, row in ipairs(rows) do
      if #row ~= length then
        return redis.error_reply('LAYOUT a record is ' .. #row .. ' bytes long')
      end
    end
    found[#found + 1], found[#found + 2] = table.concat(there), table.concat(rows)
    at = at + count
  end
  return found
end

-- args: as of `look`; then of each partition its head as it was seen and as it is to be, what to cache and up to which
-- offset all is committed; of each kind where in a record its version is, the versions seen, and the new records; how
-- many ids make a generation, and seconds until keys end. Returns nothing if it was done, else what `look` does.
local function count(keys, args)
  local prefix, partitions, ids = keys[1], tonumber(args[1]), tonumber(args[2])
  local counts = { tonumber(args[3]), tonumber(args[4]), tonumber(args[5]) }
  local first_id = NAMES + partitions
  local first_name = first_id + ids
  local of_partitions = first_name + counts[1] + counts[2] + counts[3]
  local of_kinds = of_partitions + 4 * partitions
  local per_generation, kept_s = tonumber(args[of_kinds + 9]), args[of_kinds + 10]
  for number = 0, partitions - 1 do
    local head = redis.call('GET', prefix .. 'g:' .. args[NAMES + number]) or ''
    if head ~= args[of_partitions + 4 * number] then
      return look(keys, args)
    end
  end
  local known, newest = known_ids(prefix, args, first_id, ids)
  if known:find('1', 1, true) then
    return look(keys, args)
  end
  local records, at = {}, first_name
  for kind, letter in ipairs { 'c:', 'm:', 'd:' } do
    local versions, rows = args[of_kinds + 3 * kind - 2], args[of_kinds + 3 * kind - 1]
    local version_at, length = tonumber(args[of_kinds + 3 * kind - 3]), tonumber(args[5 + kind])
    local names, number = {}, 0
    for name = at, at + counts[kind] - 1 do
      names[#names + 1] = prefix .. letter .. args[name]
    end
    local changed = false
    in_parts(names, 1, #names, function(part)
      for place, row in ipairs(redis.call('MGET', unpack(part))) do
        local version = row and row:sub(version_at + 1, version_at + 8) or NEVER_COUNTED
        changed = changed or version ~= versions:sub(8 * number + 1, 8 * number + 8)
        records[#records + 1] = { part[place], rows:sub(length * number + 1, length * number + length) }
        number = number + 1
      end
    end)
    if changed then
      return look(keys, args)
    end
    at = at + counts[kind]
  end
  for _, record in ipairs(records) do
    redis.call('SET', record[1], record[2], 'EX', kept_s)
  end
  for number = 0, partitions - 1 do
    local partition, from = args[NAMES + number], of_partitions + 4 * number
    local cache, committed = prefix .. 'r:' .. partition, tonumber(args[from + 3])
    redis.call('SET', prefix .. 'g:' .. partition, args[from + 1], 'EX', kept_s)
    if #args[from + 2] > 0 then
      redis.call('RPUSH', cache, args[from + 2])
    end
    local oldest = redis.call('LINDEX', cache, 0)
    while oldest and struct.unpack('<i8', oldest) < committed do
      redis.call('LPOP', cache)
      oldest = redis.call('LINDEX', cache, 0)
    end
    redis.call('EXPIRE', cache, kept_s)
  end
  local filling = prefix .. 'i:' .. newest
  in_parts(args, first_id, ids, function(part)
    redis.call('SADD', filling, unpack(part))
  end)
  if ids > 0 then
    redis.call('EXPIRE', filling, kept_s)
    local full = redis.call('SCARD', filling) >= per_generation
    redis.call('SET', prefix .. 'i', full and newest + 1 or newest, 'EX', kept_s)
    if full then
      redis.call('UNLINK', prefix .. 'i:' .. newest - GENERATIONS)
    end
  end
  return {}
end

-- args: a partition. Returns its head, then what is cached of it.
local function cached(keys, args)
  local head = redis.call('GET', keys[1] .. 'g:' .. args[1]) or ''
  return { head, unpack(redis.call('LRANGE', keys[1] .. 'r:' .. args[1], 0, MOST)) }
end

redis.register_function { function_name = '${name}_look', callback = look, flags = { 'no-writes' } }
redis.register_function { function_name = '${name}_cached', callback = cached, flags = { 'no-writes' } }
redis.register_function('${name}_count', count)
