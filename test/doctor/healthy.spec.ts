import { useStore } from '../redis/store-fixture.js';
import { checkUp } from './check-up.js';
import { SCENES } from './scenes/all.js';

describe('the doctor finds nothing', () => {
  const store = useStore();

  it.each(Object.entries(SCENES))('in any phase of: %s', async (_name, play) => {
    await play(store(), async () => {
      const { violations, unrepaired } = await checkUp(store().redis);
      expect({ violations, unrepaired }).toEqual({ violations: [], unrepaired: 0 });
    });
  });
});
