import { SCRIPTS } from '../scripts.js';
import { flag, unlessWrongType, type Examination } from './examination.js';
import { walkSet } from './keyspace-walk.js';

/** Do no more runs hold slots than there are, and does every parked run get one that is free? */
export class SlotCheck {
  constructor(private readonly examination: Examination) {}

  /** Of every workflow that ever had a run. */
  async check(): Promise<void> {
    const { link, keys } = this.examination;
    const key = keys.key('runWorkflows');
    if ((await link.request('type', (client) => client.type(key))) !== 'set') return;
    for await (const workflows of walkSet(link, key)) for (const workflow of workflows) await this.#check(workflow);
  }

  async #check(workflow: string): Promise<void> {
    const { link, keys, findings, repair } = this.examination;
    const args = [workflow, flag(repair)];
    const reply = await unlessWrongType(SCRIPTS.inspectSlots.call(link, keys.root, args));
    if (!reply) return;
    const [limit, holders, parked, ready] = reply;
    const slots = Number(limit || 1);
    // A workflow that is not registered (any more) may have had a higher limit.
    if (limit !== '' && holders > slots) {
      const detail = `${holders} runs hold ${slots} slots (right after the limit was lowered this passes)`;
      findings.report('slots_exceeded', workflow, detail);
    }
    // Ready runs stand for free slots: as long as there are as many, those that are parked have their turn later.
    const unused = slots - holders - ready;
    if (parked > 0 && unused > 0) {
      const detail = `${parked} runs are parked, though ${unused} slots are free that no ready run stands for`;
      findings.report('parked_forever', workflow, detail, repair);
    }
  }
}
