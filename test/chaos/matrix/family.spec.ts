import { useEngine } from '../../engine/engine.js';
import { expectedFamily, killParentHalfway } from './family.js';

const CHILDREN = 300;

// Row 38. `npm run chaos:matrix -- family --times 10000` has so many children.
describe('a parent of many children, whose worker is killed halfway', () => {
  const engine = useEngine();

  it('starts each child once, hears of each failure, and is woken a few times only', async () => {
    const { url: connection, prefix } = engine.redis;
    const result = await killParentHalfway({ connection, prefix, children: CHILDREN });
    expect(result).toMatchObject({ output: expectedFamily(CHILDREN), children: CHILDREN, attempt: 1, violations: [] });
    // Those that were executing when the worker was killed are executed again.
    expect(result.childBodies).toBeLessThanOrEqual(CHILDREN + 50);
    expect(result.parentBodies).toBeLessThanOrEqual(40);
  }, 240_000);
});
