import { SCRIPTS } from '../scripts.js';
import { flag, quote, type Examination } from './examination.js';
import { pagesOf, walkFields, walkMembers, walkSet } from './keyspace-walk.js';

const PER_CALL = 100;

/** Registered workflows and their cron triggers: do set, metadata, definitions and plans agree? */
export class RegistrationCheck {
  constructor(private readonly examination: Examination) {}

  /** From the set of names. */
  async checkNames(): Promise<void> {
    const { link, keys } = this.examination;
    for await (const names of walkSet(link, keys.key('workflows'))) await this.checkWorkflows(names);
  }

  async checkWorkflows(names: readonly string[]): Promise<void> {
    const { link, keys, repair } = this.examination;
    for (const page of pagesOf(names, PER_CALL)) {
      const reply = await SCRIPTS.inspectWorkflows.call(link, keys.root, [flag(repair), ...page]);
      for (const [index, name] of page.entries())
        await this.#checkWorkflow(name, reply.slice(index * 6, index * 6 + 6));
    }
  }

  async #checkWorkflow(name: string, row: readonly (string | number)[]): Promise<void> {
    const { findings, repair } = this.examination;
    const [listed, described, ownName, app, maxConcurrency, triggers] = row;
    if (listed === 0 && described === 1)
      findings.report('workflow_unlisted', name, 'has metadata, but is not in the set of workflows', repair);
    if (listed === 1 && described === 0)
      findings.report('workflow_unlisted', name, 'is in the set of workflows, but has no metadata', repair);
    if (described === 0) return;
    if (ownName !== name || app === '' || !/^[1-9]\d*$/.test(String(maxConcurrency)))
      findings.report('corrupt_workflow', name, `name ${quote(String(ownName))}, maxConcurrency "${maxConcurrency}"`);
    await this.#checkTriggers(String(triggers).split(' ').filter(Boolean));
  }

  /** From the definitions. */
  async checkDefinitions(): Promise<void> {
    const { link, keys } = this.examination;
    for await (const page of walkFields(link, keys.key('cronDef'), PER_CALL)) {
      const triggers = page.filter((_, index) => index % 2 === 0);
      triggers.forEach((trigger, index) => this.#checkDefinition(trigger, page[index * 2 + 1] as string));
      await this.#checkTriggers(triggers);
    }
  }

  /** From the plans. */
  async checkPlans(): Promise<void> {
    const { link, keys } = this.examination;
    for await (const triggers of walkMembers(link, keys.key('cronNext'))) await this.#checkTriggers(triggers);
  }

  #checkDefinition(trigger: string, text: string): void {
    if (isDefinition(text)) return;
    this.examination.findings.report('corrupt_trigger', trigger, 'its definition cannot be read: it never fires');
  }

  async #checkTriggers(triggers: readonly string[]): Promise<void> {
    const { link, keys, findings, repair } = this.examination;
    for (const page of pagesOf(triggers, PER_CALL)) {
      const args = [flag(repair), ...page.flatMap((trigger) => [trigger, workflowOf(trigger)])];
      const reply = await SCRIPTS.inspectTriggers.call(link, keys.root, args);
      page.forEach((trigger, index) => {
        const [defined, planned, named] = reply.slice(index * 3, index * 3 + 3).map((value) => value === 1);
        if (!named && (defined || planned))
          findings.report('trigger_unregistered', trigger, 'its workflow is not registered with it', repair);
        else if (named && !defined) findings.report('trigger_undefined', trigger, 'has no definition: it never fires');
        else if (named && !planned) findings.report('trigger_unplanned', trigger, 'has no next tick', repair);
      });
    }
  }
}

/** A trigger is known as `<encoded workflow>:<encoded id>`. */
function workflowOf(trigger: string): string {
  try {
    return decodeURIComponent(trigger.split(':', 1)[0] ?? '');
  } catch {
    return '';
  }
}

function isDefinition(text: string): boolean {
  try {
    const definition = JSON.parse(text) as Record<string, unknown> | null;
    return ['workflow', 'id', 'expression'].every((field) => typeof definition?.[field] === 'string');
  } catch {
    return false;
  }
}
