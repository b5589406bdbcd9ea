import { TERMINAL_STATUSES } from '../../core/run.js';
import type { KnownKey } from '../keys.js';
import type { RedisLink } from '../link.js';
import { SCRIPTS } from '../scripts.js';
import { flag, keyOf, shortName, type Examination } from './examination.js';
import { walkFieldNames, walkMembers, walkSet } from './keyspace-walk.js';

const ACTIVE = 'scheduled queued running waiting';
const ENDED = TERMINAL_STATUSES.join(' ');

interface IndexRule {
  /** The statuses that its members may have. */
  readonly statuses: string;
  /** Only runs of this workflow. */
  readonly workflow?: string;
}

/** Of what runs a key consists; `undefined` for a key that does not list runs. */
function ruleOf(known: KnownKey): IndexRule | undefined {
  switch (known.name) {
    case 'index':
      return { statuses: known.status ?? '', workflow: known.part };
    case 'parked':
      return { statuses: 'queued', workflow: known.part };
    case 'created':
      return { statuses: `${ACTIVE} ${ENDED}` };
    case 'leases':
      return { statuses: 'running' };
    // Of what their hashes say: what is left here is not written there yet.
    case 'begun':
      return { statuses: 'queued', workflow: known.part };
    case 'scheduled':
      return { statuses: 'scheduled waiting' };
    case 'children':
      return { statuses: ACTIVE };
    default:
      return undefined;
  }
}

function walkRuns({ name }: KnownKey, link: RedisLink, key: string): AsyncGenerator<string[]> {
  if (name === 'children') return walkSet(link, key);
  return name === 'begun' ? walkFieldNames(link, key) : walkMembers(link, key);
}

/** The way back from indexes to runs: does every member belong there? */
export class IndexCheck {
  constructor(private readonly examination: Examination) {}

  async check(known: KnownKey): Promise<void> {
    const rule = ruleOf(known);
    if (!rule) return;
    const { link, keys, repair } = this.examination;
    const key = keyOf(this.examination, known);
    const scope = [rule.statuses, rule.workflow ?? '', flag(rule.workflow !== undefined)];
    for await (const members of walkRuns(known, link, key)) {
      const foreign = await SCRIPTS.inspectMembers.call(link, keys.root, [key, flag(repair), ...scope, ...members]);
      this.#report(key, foreign);
    }
  }

  #report(key: string, foreign: readonly string[]): void {
    const { findings, repair } = this.examination;
    for (let i = 0; i < foreign.length; i += 2) {
      const status = foreign[i + 1];
      const why = status ? `status is ${status}, or its workflow another` : 'run is gone';
      const place = shortName(this.examination, key);
      findings.report('foreign_member', foreign[i] as string, `in ${place}, but its ${why}`, repair);
    }
  }
}
