package redislog

import "github.com/redis/go-redis/v9"

// Identifiers of entries are compared as text, because Lua's numbers are not exact for all positions. Scripts that need no more than a few
// bytes, or make room, run while Redis's memory is full (allow-oom): it could never become emptier otherwise.

// lastID is a Lua function that tells the identifier of the newest entry that a stream ever held; "0-0" when there is no stream.
const lastID = `
local function last_id(key)
  if redis.call('EXISTS', key) == 0 then return '0-0' end
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
end
`

// appendSource appends entries to a stream whose newest entry is the expected one; otherwise it appends nothing. It answers what the newest
// entry was. KEYS: stream. ARGV: expected identifier, then for each entry its identifier, the position before it, and the event.
const appendSource = "#!lua\n" + lastID + `
local last = last_id(KEYS[1])
if last == ARGV[1] then
  for i = 2, #ARGV, 3 do
    redis.call('XADD', KEYS[1], ARGV[i], 'prev', ARGV[i + 1], 'e', ARGV[i + 2])
  end
end
return last`

// floorSource makes a stream that begins after a position, unless there is one that holds, or held, entries. It answers the identifier of the newest
// entry. KEYS: stream. ARGV: identifier of the floor, "0-0" to make none; "1" to throw away the stream that is there.
const floorSource = "#!lua flags=allow-oom\n" + lastID + `
if ARGV[2] == '1' then redis.call('DEL', KEYS[1]) end
local last = last_id(KEYS[1])
if last ~= '0-0' or ARGV[1] == '0-0' then return last end
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('XGROUP', 'CREATE', KEYS[1], '-', '0', 'MKSTREAM')
  redis.call('XGROUP', 'DESTROY', KEYS[1], '-')
end
redis.call('XSETID', KEYS[1], ARGV[1])
return ARGV[1]`

// trimSource removes the entries that every group has processed. It answers the identifier of the newest entry, the number of
// entries left, the number removed, the identifier before which everything is processed, and the group that holds it up.
// Without a group nothing is processed. KEYS: stream.
const trimSource = "#!lua flags=allow-oom\n" + lastID + `
local last = last_id(KEYS[1])
if redis.call('EXISTS', KEYS[1]) == 0 then return {last, 0, 0, '0-0', ''} end
local function split(id) return string.match(id, '^(%d+)-(%d+)$') end
local function less(a, b)
  local am, as = split(a)
  local bm, bs = split(b)
  if #am ~= #bm then return #am < #bm end
  if am ~= bm then return am < bm end
  if #as ~= #bs then return #as < #bs end
  return as < bs
end
local safe, slowest
for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #g, 2 do group[g[i]] = g[i + 1] end
  local id
  if group['pending'] > 0 then
    id = redis.call('XPENDING', KEYS[1], group['name'])[2]
  else
    local ms = split(group['last-delivered-id'])
    id = ms .. '-1'
  end
  if not safe or less(id, safe) then safe, slowest = id, group['name'] end
end
local trimmed = 0
if safe then trimmed = redis.call('XTRIM', KEYS[1], 'MINID', safe) end
return {last, redis.call('XLEN', KEYS[1]), trimmed, safe or '0-0', slowest or ''}`

// claimSource gives the pending entries of a group from an identifier on to a consumer, which must hold the partition's lease, whoever read them
// before; with the last of them, consumers that have nothing pending are forgotten. It answers where to go on, "0-0" at the end, and the
// entries. KEYS: stream, lease. ARGV: group, consumer, lease's token, identifier, number of entries.
const claimSource = `#!lua flags=allow-oom
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return redis.error_reply('NOLEASE the partition is no longer ours') end
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
local claimed = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[4], 'COUNT', ARGV[5])
if claimed[1] == '0-0' then
  for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local consumer = {}
    for i = 1, #c, 2 do consumer[c[i]] = c[i + 1] end
    if consumer['name'] ~= ARGV[2] and consumer['pending'] == 0 then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    end
  end
end
return {claimed[1], claimed[2]}`

// tipSource tells how far the log is published, if the caller holds the publisher's lease; it answers whether it does.
// KEYS: lease, tip. ARGV: lease's token, then fields and values.
const tipSource = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
return 1`

// partitionsSource records the number of partitions, or answers the number that is recorded. KEYS: partitions. ARGV: number.
const partitionsSource = `#!lua flags=allow-oom
local n = redis.call('GET', KEYS[1])
if not n then
  redis.call('SET', KEYS[1], ARGV[1])
  return ARGV[1]
end
return n`

// joinSource notes that a member of a group is alive and answers the number of partitions and all members that are. Time is the server's, so
// that clocks need not agree. KEYS: members, partitions. ARGV: member, milliseconds for which it counts as alive, number of partitions.
const joinSource = `#!lua flags=allow-oom
local n = redis.call('GET', KEYS[2])
if not n then
  redis.call('SET', KEYS[2], ARGV[3])
  n = ARGV[3]
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return {n, redis.call('ZRANGE', KEYS[1], 0, -1)}`

// scripts are the Lua scripts of publisher and subscriber.
type scripts struct {
	append, floor, trim, claim, tip, partitions, join *redis.Script
}

func newScripts() scripts {
	return scripts{
		append: redis.NewScript(appendSource), floor: redis.NewScript(floorSource), trim: redis.NewScript(trimSource),
		claim: redis.NewScript(claimSource), tip: redis.NewScript(tipSource), partitions: redis.NewScript(partitionsSource),
		join: redis.NewScript(joinSource),
	}
}
