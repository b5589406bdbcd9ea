import { Catch, UseFilters, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Workflow } from '@redflow/nestjs';
import { of, throwError } from 'rxjs';
import { outputOf, useNest } from './nest-apps.js';

const events: string[] = [];
beforeEach(() => void events.splice(0));

describe('exception filters', () => {
  const nest = useNest();

  describe('what an exception filter gives', () => {
    const failure = new Error('original');
    const other = new Error('other');
    const ORIGINAL = { rejects: { error: { message: 'original' } } };
    const OTHER = { rejects: { error: { message: 'other' } } };
    const fail = (): never => {
      throw other;
    };

    it.each<[string, () => unknown, object]>([
      ['nothing: the original error', () => undefined, ORIGINAL],
      ['a promise of nothing: the original error', async () => undefined, ORIGINAL],
      ['a thrown error: that one', fail, OTHER],
      ['a rejected promise: that one', async () => fail(), OTHER],
      ['a returned error: that one', () => other, OTHER],
      ['an Observable with an error: that one', () => throwError(() => other), OTHER],
      ['an empty Observable: the original error', () => of(), ORIGINAL],
      ['a value: the output', () => ({ fallback: true }), { resolves: { fallback: true } }],
      ['a promise of a value: the output', async () => 'later', { resolves: 'later' }],
      ['an Observable of a value: the output', () => of('observed'), { resolves: 'observed' }],
      ['null: the output', () => null, { resolves: null }],
    ])('%s', async (_what, answer, expected: { resolves?: unknown; rejects?: object }) => {
      @Catch()
      class Answering implements ExceptionFilter {
        catch(error: unknown, host: ArgumentsHost): unknown {
          events.push(`${String(error === failure)} ${host.getType()}`);
          return answer();
        }
      }
      @Workflow()
      @UseFilters(Answering)
      class Failing {
        async run(): Promise<void> {
          throw failure;
        }
      }
      const app = await nest.start({ providers: [Failing] });
      const result = outputOf(app, Failing);
      if (expected.rejects) await expect(result).rejects.toMatchObject(expected.rejects);
      else await expect(result).resolves.toEqual(expected.resolves);
      expect(events).toEqual(['true redflow']);
    });
  });
});
