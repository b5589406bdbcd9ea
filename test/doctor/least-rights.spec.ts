import { useStore } from '../redis/store-fixture.js';
import { checkUp, linesOf } from './check-up.js';
import { groundOf } from './breakages/breakage.js';
import { OF_CHILDREN } from './breakages/children.js';
import { OF_QUEUES } from './breakages/queues.js';
import { OF_REGISTRATION } from './breakages/registration.js';

/** What README.md gives to a user that may only read. */
const RIGHTS =
  '-@all +eval +evalsha +ping +info +quit +time +scan +sscan +hscan +zscan +type +pttl +exists +get +hget +hmget ' +
  '+hgetall +hlen +hexists +llen +lpos +lrange +sismember +zcard +zscore';

describe('a Redis user that may only read', () => {
  const store = useStore();
  let url: string;

  beforeEach(async () => {
    const { commands, prefix } = store().redis;
    const keys = [`~{${prefix}}:*`, 'resetchannels'];
    await commands.call('ACL', 'SETUSER', prefix, 'on', '>secret', 'resetkeys', ...keys, ...RIGHTS.split(' '));
    const address = new URL(store().redis.url);
    address.username = prefix;
    address.password = 'secret';
    url = address.href;
  });
  afterEach(() => store().redis.commands.call('ACL', 'DELUSER', store().redis.prefix));

  it.each([...OF_CHILDREN, ...OF_QUEUES, ...OF_REGISTRATION].map((each) => [each.name, each] as const))(
    'is enough to find: %s',
    async (_name, { breakIt, found }) => {
      await breakIt(groundOf(store()));
      expect(linesOf(await checkUp(store().redis, { connection: url }))).toEqual(found);
    },
  );

  it('cannot repair', async () => {
    await store().queued('r1');
    await store().redis.commands.del(store().keys.key('ready', 'q'));
    await expect(checkUp(store().redis, { connection: url, repair: true })).rejects.toThrow(
      /permission|can't run this command/,
    );
  });
});
