import { isTerminal, type RunStatus } from '../../core/run.js';
import type { KnownKey } from '../keys.js';
import { SCRIPTS } from '../scripts.js';
import { keyOf, shortName, type Examination } from './examination.js';

/** Will runs that have ended be removed one day? */
export class RetentionCheck {
  constructor(private readonly examination: Examination) {}

  /** From the index of a workflow and a status. */
  async check(known: KnownKey): Promise<void> {
    if (!isTerminal(known.status as RunStatus)) return;
    const { link, keys, findings } = this.examination;
    const [kept] = await SCRIPTS.inspectRetention.call(link, keys.root, [known.part, known.status ?? '']);
    if (kept !== 1) return;
    const index = shortName(this.examination, keyOf(this.examination, known));
    findings.report('not_expiring', index, 'its runs have ended, but would be kept for ever');
  }
}
