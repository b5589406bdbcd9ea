import { toClaim } from '../../lib/redis/claim-reply.js';
import type { ClaimReply } from '../../lib/redis/scripts.js';

describe('the answer to a claim', () => {
  const request = { workerId: 'worker', token: 'token', queues: ['q'], limit: 10, leaseMs: 1_000 };
  const claimOf = (entries: ClaimReply[6]) => toClaim(['5', '', 0, 0, 0, '', entries], request);
  const whole = ['r1', '1', '"in"', 'w', 'q', '3', null, null, null];

  it('has runs that are whole, and runs that are like the one before', () => {
    const shared = { token: 'token', workflow: 'w', queue: 'q', maxAttempts: 3, attempt: 1, startedAt: 5, steps: [] };
    expect(claimOf([...whole, '=', 'r2', '2', null]).runs).toMatchObject([
      { id: 'r1', createdAt: 1, input: '"in"', ...shared },
      { id: 'r2', createdAt: 2, input: undefined, ...shared },
    ]);
  });

  it.each<[string, ClaimReply[6]]>([
    ['a run that is like none', ['=', 'r2', '2', null]],
    ['half a run', whole.slice(0, 5)],
    ['half a run that is like another', [...whole, '=', 'r2']],
  ])('is none with %s', (_what, entries) => {
    expect(() => claimOf(entries)).toThrow('what came back is no answer to it');
  });
});
