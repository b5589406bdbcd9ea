import { decodeStepHeader } from '../records.js';
import { SCRIPTS } from '../scripts.js';
import { flag, quote, unlessWrongType, type Examination } from './examination.js';
import { pagesOf, walkFields } from './keyspace-walk.js';

const RUNS_PER_CALL = 20;
const MAX_FIELDS_PER_RUN = 50;
const FIELDS_PER_PAGE = 50;
const WAITS_PER_CALL = 200;
const OUTCOME = /^(succeeded|failed|canceled) \d+$/;

interface Wait {
  readonly step: string;
  readonly childId: string;
}

const WHY: Readonly<Record<string, string>> = {
  unlinked: 'goes on, but would not tell it its outcome',
  undelivered: 'has ended, but its outcome was not delivered',
  gone: 'is gone, and so is its outcome',
};

/** Can every step be read, and does what a waiting run waits for come? */
export class StepCheck {
  constructor(private readonly examination: Examination) {}

  async check(runIds: readonly string[]): Promise<void> {
    const { keys, link } = this.examination;
    for (const page of pagesOf(runIds, RUNS_PER_CALL)) {
      const rows = await SCRIPTS.inspectSteps.call(link, keys.root, [MAX_FIELDS_PER_RUN, ...page]);
      for (const [index, id] of page.entries()) {
        const [status, size, ...fields] = rows[index] ?? ['gone', 0];
        await this.#checkSteps(id, status === 'waiting', size, fields);
      }
    }
  }

  async #checkSteps(id: string, waiting: boolean, size: number, fields: readonly string[]): Promise<void> {
    const reader = new StepReader();
    reader.read(fields);
    if (size > MAX_FIELDS_PER_RUN) {
      const pages = walkFields(this.examination.link, this.examination.keys.key('steps', id), FIELDS_PER_PAGE);
      for await (const page of pages) reader.read(page);
    }
    for (const field of reader.corrupt) {
      const kind = field.startsWith('s') ? 'step' : 'outcome of step';
      this.examination.findings.report('corrupt_step', id, `${kind} ${quote(field.slice(1))} cannot be read`);
    }
    if (waiting) await this.#checkWaits(id, size, reader.openWaits());
  }

  async #checkWaits(id: string, size: number, waits: readonly Wait[]): Promise<void> {
    const { keys, link, repair, findings } = this.examination;
    const pages = waits.length === 0 ? [[]] : [...pagesOf(waits, WAITS_PER_CALL)];
    let pending = 0;
    let broken = 0;
    for (const [index, page] of pages.entries()) {
      const earlier = index === pages.length - 1 ? pending : '';
      const args = [id, flag(repair), size, earlier, ...page.flatMap(({ step, childId }) => [step, childId])];
      const reply = await unlessWrongType(SCRIPTS.inspectWaits.call(link, keys.root, args));
      if (!reply || reply[0] === 'moved') return;
      const [state, woken, found, ...lost] = reply;
      pending += found;
      broken += lost.length;
      this.#reportBroken(id, page, lost);
      if (state === 'asleep' && broken === 0) {
        const detail = 'waiting, but no child goes on and no time is set: nothing would wake it';
        findings.report('waiting_forever', id, detail, woken === 1);
      }
    }
  }

  #reportBroken(id: string, waits: readonly Wait[], lost: readonly (string | number)[]): void {
    for (let i = 0; i < lost.length; i += 3) {
      const step = String(lost[i]);
      const child = waits.find((wait) => wait.step === step)?.childId ?? '';
      const detail = `step ${quote(step)}: child ${child} ${WHY[lost[i + 1] as string] ?? ''}`;
      this.examination.findings.report('wait_broken', id, detail, lost[i + 2] === 1);
    }
  }
}

/** Reads the fields of steps, of which only the first line counts. Fields of a later version are passed over. */
class StepReader {
  readonly corrupt: string[] = [];
  readonly #waits = new Map<string, string>();
  readonly #settled = new Set<string>();

  read(fields: readonly string[]): void {
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const field = fields[i] as string;
      const [header = ''] = (fields[i + 1] as string).split('\n', 1);
      if (field.startsWith('s')) this.#readStep(field, header);
      if (field.startsWith('o')) this.#readOutcome(field, header);
    }
  }

  openWaits(): Wait[] {
    return [...this.#waits].filter(([step]) => !this.#settled.has(step)).map(([step, childId]) => ({ step, childId }));
  }

  #readStep(field: string, header: string): void {
    const record = decodeStepHeader(field.slice(1), header);
    if (!record) this.corrupt.push(field);
    else if (record.kind === 'workflow' && record.status === 'running' && record.childId !== undefined)
      this.#waits.set(field.slice(1), record.childId);
  }

  #readOutcome(field: string, header: string): void {
    this.#settled.add(field.slice(1));
    if (!OUTCOME.test(header)) this.corrupt.push(field);
  }
}
