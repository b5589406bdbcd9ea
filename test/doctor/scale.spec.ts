import { Keyspace } from '../../lib/redis/keys.js';
import { useRedis } from '../support/redis.js';
import { checkUp } from './check-up.js';

const RUNS = 100_000;
const PER_CALL = 1_000;
const LOST = 7;

/** Writes runs as the engine leaves them: nine of ten have ended, the rest are ready. */
const FILL = `
local root, from, count, now = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
for i = from, from + count - 1 do
  local id = 'run' .. i
  local status = i % 10 == 0 and 'queued' or 'succeeded'
  local fields = { 'workflow', 'w', 'queue', 'q', 'status', status, 'createdAt', now }
  if status == 'succeeded' then
    for _, each in ipairs({ 'attempt', '1', 'startedAt', now, 'finishedAt', now }) do fields[#fields + 1] = each end
    redis.call('HSET', root .. 'run:' .. id .. ':steps', 'sone', 'step succeeded 1 1 1 1 1 -\\n1')
    redis.call('ZADD', root .. 'runs:expiring', now + 600000, 'w:succeeded')
  else
    redis.call('RPUSH', root .. 'q:q:ready', id)
  end
  redis.call('HSET', root .. 'run:' .. id, unpack(fields))
  redis.call('ZADD', root .. 'runs:created', now, id)
  redis.call('ZADD', root .. 'workflow-runs:w:' .. status, now, id)
end
redis.call('SADD', root .. 'runs:workflows', 'w')
return 1`;

describe('the doctor, on very many runs', () => {
  // Before the hook of `useRedis`, which takes all keys at once.
  afterEach(async () => {
    for await (const page of redis.commands.scanStream({ match: `{${redis.prefix}}:*`, count: PER_CALL })) {
      if ((page as string[]).length > 0) await redis.commands.unlink(page as string[]);
    }
  }, 60_000);
  const redis = useRedis();

  const fill = async (): Promise<Keyspace> => {
    const keys = new Keyspace(redis.prefix);
    for (let from = 0; from < RUNS; from += PER_CALL) {
      await redis.commands.eval(FILL, 1, keys.root, from, PER_CALL, Date.now());
    }
    return keys;
  };

  it('finds what is wrong among 100 000 of them', async () => {
    const keys = await fill();
    // Taken out of the list of ready runs.
    const lost = await redis.commands.lpop(keys.key('ready', 'q'), LOST);
    const report = await checkUp(redis, { repair: true });
    expect(report.runsByStatus).toEqual({ succeeded: RUNS * 0.9, queued: RUNS * 0.1 });
    expect(report).toMatchObject({ counts: { queued_nowhere: LOST }, unrepaired: 0 });
    expect(report.violations.map(({ subject }) => subject).sort()).toEqual(lost?.sort());
    expect(await redis.commands.llen(keys.key('ready', 'q'))).toBe(RUNS * 0.1);
  }, 600_000);
});
