-- Batch features behind one pointer. Rows are opaque bytes here; actors/adapters/redis/features.py says what is in them.
-- Every key begins with keys[1], the prefix: one node, no cluster. `current` holds "layout version computed_us".

local MOST_KEYS = 1000 -- unpack() takes no more

local function rows_of(prefix, names, missing)
  local rows = {}
  for from = 1, #names, MOST_KEYS do
    local keys = {}
    for at = from, math.min(from + MOST_KEYS - 1, #names) do
      keys[#keys + 1] = prefix .. names[at]
    end
    for at, row in ipairs(redis.call('MGET', unpack(keys))) do
      row = row or missing
      if #row ~= #missing then
        return nil, redis.error_reply('LAYOUT a row at ' .. keys[at] .. ' is ' .. #row .. ' bytes long')
      end
      rows[#rows + 1] = row
    end
  end
  return table.concat(rows)
end

-- args: layout, a missing card's row, a missing merchant's row, cards asked for, their names, the merchants' names.
-- Returns what is current ("" where nothing is), the cards' rows and the merchants' rows, each in the order asked.
local function look_up(keys, args)
  local prefix, layout, no_card, no_merchant, count = keys[1], args[1], args[2], args[3], tonumber(args[4])
  local current = redis.call('GET', prefix .. 'current')
  if not current then
    return { '', no_card:rep(count), no_merchant:rep(#args - 4 - count) }
  end
  local theirs, version = current:match('^(%S+) (%d+) %-?%d+$')
  if theirs ~= layout then
    return redis.error_reply('LAYOUT ' .. prefix .. 'current says ' .. current)
  end
  local cards, merchants = {}, {}
  for at = 5, #args do
    local names = at < 5 + count and cards or merchants
    names[#names + 1] = args[at]
  end
  local card_rows, failed = rows_of(prefix .. version .. ':c:', cards, no_card)
  if failed then
    return failed
  end
  local merchant_rows, also_failed = rows_of(prefix .. version .. ':m:', merchants, no_merchant)
  return also_failed or { current, card_rows, merchant_rows }
end

-- args: version and kind, seconds until rows end, seconds over which they end, a row's length, rows, their names.
-- They do not end in one second: the server would look for what has ended for 25 ms at a time.
local function write(keys, args)
  local prefix, ttl, spread = keys[1] .. args[1], tonumber(args[2]), tonumber(args[3])
  local length, rows = tonumber(args[4]), args[5]
  for at = 6, #args do
    local from = (at - 6) * length
    redis.call('SET', prefix .. args[at], rows:sub(from + 1, from + length), 'EX', ttl + (at * 7919) % spread)
  end
  return #args - 5
end

local function server_run()
  return redis.call('INFO', 'server'):match('run_id:(%x+)')
end

-- args: seconds until the counter ends. Returns a version that no table ever had, and which run of the server this is.
local function begin(keys, args)
  local counter = keys[1] .. 'versions'
  local version = redis.call('INCR', counter)
  redis.call('EXPIRE', counter, args[1])
  return { version, server_run() }
end

-- args: the run of the server in which all rows were written, the new `current`, seconds until it ends.
-- A server that was started again may have lost some of the rows.
local function switch(keys, args)
  if server_run() ~= args[1] then
    return redis.error_reply('RESTARTED while a table was written')
  end
  return redis.call('SET', keys[1] .. 'current', args[2], 'EX', args[3])
end

redis.register_function { function_name = '${name}_look_up', callback = look_up, flags = { 'no-writes' } }
redis.register_function('${name}_begin', begin)
redis.register_function('${name}_write', write)
redis.register_function('${name}_switch', switch)
