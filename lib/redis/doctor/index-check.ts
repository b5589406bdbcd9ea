import type { Keyspace, KnownKey } from '../keys.js';
import type { RedisLink } from '../link.js';
import { SCRIPTS } from '../scripts.js';
import { walkMembers } from './keyspace-walk.js';
import type { ViolationCode } from './violation.js';

export type Report = (code: ViolationCode, subject: string, detail: string, repaired?: boolean) => void;

const ANY = 'scheduled queued running waiting succeeded failed canceled';

/** The statuses that the members of an index may have; `undefined` for a key that is no index of runs. */
export function indexRule(known: KnownKey): { readonly statuses: string; readonly workflow?: string } | undefined {
  switch (known.name) {
    case 'index':
      return { statuses: known.status ?? '', workflow: known.part };
    case 'parked':
      return { statuses: 'queued', workflow: known.part };
    case 'created':
      return { statuses: ANY };
    case 'expiring':
      return { statuses: 'succeeded failed canceled' };
    case 'leases':
      return { statuses: 'running' };
    case 'scheduled':
      return { statuses: 'scheduled waiting' };
    default:
      return undefined;
  }
}

/** The way back: does every member of an index belong there? */
export class IndexCheck {
  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
    private readonly repair: boolean,
    private readonly report: Report,
  ) {}

  async check(known: KnownKey): Promise<void> {
    const rule = indexRule(known);
    if (!rule) return;
    const key =
      known.name === 'index' ? this.keys.index(known.part, known.status ?? '') : this.keys.key(known.name, known.part);
    const args = [key, rule.statuses, rule.workflow ?? '', rule.workflow === undefined ? '' : '1'];
    for await (const members of walkMembers(this.link, key)) {
      const foreign = await SCRIPTS.inspectMembers.call(this.link, this.keys.root, [...args, ...members]);
      if (foreign.length > 0) await this.#handle(key, args, foreign);
    }
  }

  async #handle(key: string, args: readonly string[], foreign: readonly string[]): Promise<void> {
    const ids = foreign.filter((_, index) => index % 2 === 0);
    if (this.repair) await SCRIPTS.repairIndex.call(this.link, this.keys.root, [...args, ...ids]);
    const name = key.slice(this.keys.root.length);
    ids.forEach((id, index) => {
      this.report('foreign_member', id, `in ${name}, but its status is "${foreign[index * 2 + 1] ?? ''}"`, this.repair);
    });
  }
}
