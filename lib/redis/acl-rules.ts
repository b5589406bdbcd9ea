/** To connect: authentication, choice of the database, readiness, and the way through a cluster. */
const CONNECTION =
  'hello auth ping quit select info client|setname cluster|slots cluster|info cluster|keyslot readonly';

/** What clients and workers send, and what the scripts do. */
const WORK =
  'evalsha eval blpop publish pubsub|numsub subscribe time ' +
  'del exists pexpire pttl type unlink get set ' +
  'hdel hexists hget hgetall hlen hmget hscan hset hsetnx ' +
  'lindex llen lpop lpos lpush lrange ltrim rpush ' +
  'sadd scard sismember smembers spop srandmember srem ' +
  'zadd zcard zcount zpopmin zrange zrangebyscore zrem zrevrangebyscore zscore';

/** What `examine` and `redflow doctor` need besides, to walk over the keys. */
const DOCTOR = 'scan sscan zscan';

/**
 * The rights that a Redis user needs for a prefix and no more: the keys and channels of the prefix, and the
 * commands that redflow sends or its scripts call. For `ACL SETUSER <user> on ><password> <rules…>`.
 *
 * On a server that denies one of them a script may end half-way, which Redis does not undo: give all.
 */
export function aclRules(prefix: string): string[] {
  const pattern = `{${prefix.replace(/[\\*?[\]]/g, '\\$&')}}:*`;
  const commands = `${CONNECTION} ${WORK} ${DOCTOR}`.split(' ').map((command) => `+${command}`);
  return ['resetkeys', 'resetchannels', `~${pattern}`, `&${pattern}`, '-@all', ...commands];
}
