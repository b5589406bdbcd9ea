import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useRedis } from '../support/redis.js';
import { type AppKind, TemporaryApp, listTarball, packInto } from './temporary-app.js';

const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext', isolatedModules: true };

/** The newest of each major version that the range of the peer dependencies names, and the oldest. */
const KINDS: readonly AppKind[] = [
  { name: 'nest-12-esm', type: 'module', nest: '^12.0.0', typescript: '~6.0.0', compilerOptions: NODENEXT },
  { name: 'nest-12-commonjs', type: 'commonjs', nest: '^12.0.0', typescript: '~6.0.0', compilerOptions: NODENEXT },
  { name: 'nest-11-commonjs', type: 'commonjs', nest: '^11.0.0', typescript: '~5.9.0', compilerOptions: NODENEXT },
  { name: 'nest-12-oldest', type: 'module', nest: '12.0.1', typescript: '~5.9.0', compilerOptions: NODENEXT },
  {
    name: 'nest-11-oldest',
    type: 'commonjs',
    nest: '11.0.0',
    typescript: '~5.9.0',
    compilerOptions: { module: 'commonjs', moduleResolution: 'node10' },
  },
];

describe('the packed package', () => {
  const redis = useRedis();
  let folder: string;
  let tarball: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redflow-pack-'));
    tarball = await packInto(folder);
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true }));

  it('holds the compiled library, its scripts and its papers, and nothing else', async () => {
    const packed = await listTarball(tarball);
    const sources = await readdir(join(import.meta.dirname, '../../lib'), { recursive: true });
    const scripts = sources.filter((path) => path.endsWith('.lua')).map((path) => `dist/${path}`);

    expect(packed).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json', ...scripts]),
    );
    expect(packed).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/testing/index.d.ts']));
    expect(packed.filter((path) => path.includes('/') && !/^dist\/.*\.(js|js\.map|d\.ts|lua)$/.test(path))).toEqual([]);
  });

  it.each(KINDS)(
    'runs a workflow in a fresh application: $name',
    async (kind) => {
      const app = await TemporaryApp.create(folder, kind, tarball);
      await app.compile();
      const report = await app.start({ REDIS_URL: redis.url, PREFIX: redis.prefix });

      expect(report).toEqual({
        output: { text: 'hello Ada in attempt 1!, please', at: '1970-01-01T00:00:00.000Z' },
        steps: ['greet', 'finish'],
        refused: 'ValidationError',
        launcher: 'function',
      });
      expect(await app.redflow('doctor', '--url', redis.url, '--prefix', redis.prefix)).toContain('in order');
    },
    300_000,
  );
});
