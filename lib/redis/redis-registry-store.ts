import type { CronAgenda, CronTrigger, DueTrigger, RegistryStore, WorkflowRecord } from '../core/store.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';
import { optionalNumber } from './records.js';
import { SCRIPTS } from './scripts.js';

/** From this age on an entry that its app no longer registers is removed. */
const STALE_MS = 30_000;
const MAX_DUE_TRIGGERS = 100;
/** A sign of life is of use only while it is younger than any age from which an entry is stale. */
const SIGN_TTL_MS = 3_600_000;
const MAX_SIGNS_PER_CALL = 1_000;
// Of many names, so few are looked up in each turn: a thousand cost no more commands than fifty.
const LOOKED_UP_PER_TURN = 50;
// A tick that is later than this is for everybody, not for the leader alone.
const LATE_TICK_MS = 500;

export class RedisRegistryStore implements RegistryStore {
  #firstLookedUp = 0;

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
  ) {}

  async sync(request: {
    app: string;
    workflows: readonly Omit<WorkflowRecord, 'app' | 'updatedAt'>[];
  }): Promise<{ removed: string[]; foreign: string[] }> {
    const written = await Promise.all(request.workflows.map((workflow) => this.#write(request.app, workflow)));
    const names = request.workflows.map(({ name }) => name);
    const removed = await this.removeStale({ app: request.app, names, ageMs: STALE_MS });
    return { removed, foreign: names.filter((_, index) => written[index] === 0) };
  }

  removeStale(request: { app: string; names: readonly string[]; ageMs: number }): Promise<string[]> {
    const { app, names, ageMs } = request;
    return SCRIPTS.removeStaleWorkflows.call(this.link, this.keys.root, [app, ageMs, ...names]);
  }

  async touch({ app, names }: { app: string; names: readonly string[] }): Promise<boolean> {
    this.#firstLookedUp %= Math.max(names.length, 1);
    const inTurn = [...names.slice(this.#firstLookedUp), ...names.slice(0, this.#firstLookedUp)];
    this.#firstLookedUp += LOOKED_UP_PER_TURN;
    let complete = true;
    for (let i = 0; i < inTurn.length; i += MAX_SIGNS_PER_CALL) {
      const page = inTurn.slice(i, i + MAX_SIGNS_PER_CALL);
      const args = [app, SIGN_TTL_MS, i === 0 ? LOOKED_UP_PER_TURN : 0, ...page];
      if ((await SCRIPTS.touchWorkflows.call(this.link, this.keys.root, args)) !== 1) complete = false;
    }
    return complete;
  }

  async getWorkflow(name: string): Promise<WorkflowRecord | undefined> {
    const fields = await this.link.request('getWorkflow', (redis) => redis.hgetall(this.keys.key('workflow', name)));
    return toWorkflowRecord(fields);
  }

  async listWorkflows(): Promise<WorkflowRecord[]> {
    const names = await this.link.request('listWorkflows', (redis) => redis.smembers(this.keys.key('workflows')));
    const records = await Promise.all(names.sort().map((name) => this.getWorkflow(name)));
    return records.filter((record) => record !== undefined);
  }

  async cronAgenda({ leaderId, ttlMs }: { leaderId: string; ttlMs: number }): Promise<CronAgenda> {
    const args = [leaderId, ttlMs, MAX_DUE_TRIGGERS, LATE_TICK_MS];
    const [leader, now, nextDue, heldMs, ...rows] = await SCRIPTS.cronAgenda.call(this.link, this.keys.root, args);
    const due: DueTrigger[] = [];
    for (let i = 0; i < rows.length; i += 3) {
      const dueAt = Number(rows[i + 1]);
      const trigger = toTrigger(rows[i + 2] as string);
      // One that cannot be read must not stop the others.
      if (trigger) due.push({ trigger, dueAt: dueAt === 0 ? undefined : dueAt });
    }
    return { leader: leader === 1, now: Number(now), nextDueAt: optionalNumber(nextDue), heldMs, due };
  }

  async cronTick(request: {
    trigger: CronTrigger;
    dueAt: number | undefined;
    nextAt: number | undefined;
    runId: string;
  }): Promise<'fired' | 'planned' | 'skipped' | 'stale'> {
    const { trigger } = request;
    return SCRIPTS.cronTick.call(this.link, this.keys.root, [
      triggerKey(trigger),
      definition(trigger),
      request.dueAt ?? 0,
      request.nextAt ?? '',
      request.runId,
      trigger.workflow,
      trigger.input ?? '',
    ]);
  }

  async resignCron(leaderId: string): Promise<void> {
    await SCRIPTS.resignCron.call(this.link, this.keys.root, [leaderId]);
  }

  #write(app: string, workflow: Omit<WorkflowRecord, 'app' | 'updatedAt'>): Promise<number> {
    const metadata = {
      queue: workflow.queue,
      maxConcurrency: workflow.maxConcurrency,
      maxAttempts: workflow.maxAttempts,
      onFailure: workflow.onFailure ? '1' : '',
      retriesJson: workflow.retriesJson,
      cronJson: JSON.stringify(workflow.cron),
      cronIdsJson: JSON.stringify(workflow.cron.map(({ id }) => id)),
      inputSchemaJson: workflow.inputSchema === undefined ? '' : JSON.stringify(workflow.inputSchema),
    };
    const fields = Object.entries(metadata).flat();
    const triggers = workflow.cron.flatMap((cron) => {
      const trigger = { ...cron, workflow: workflow.name };
      return [triggerKey(trigger), definition(trigger)];
    });
    return SCRIPTS.syncWorkflow.call(this.link, this.keys.root, [
      app,
      workflow.name,
      STALE_MS,
      fields.length,
      ...fields,
      ...triggers,
    ]);
  }
}

function triggerKey({ workflow, id }: CronTrigger): string {
  return `${encodeURIComponent(workflow)}:${encodeURIComponent(id)}`;
}

// One order of fields: a definition is compared as text.
function definition({ workflow, id, expression, timezone, input }: CronTrigger): string {
  return JSON.stringify({ workflow, id, expression, timezone, input });
}

// Only what this version would write itself: another one's would never be found unchanged.
function toTrigger(text: string): CronTrigger | undefined {
  const trigger = parseJson(text, undefined) as CronTrigger | undefined;
  if (
    typeof trigger?.workflow !== 'string' ||
    typeof trigger.id !== 'string' ||
    typeof trigger.expression !== 'string'
  ) {
    return undefined;
  }
  return definition(trigger) === text ? trigger : undefined;
}

function toWorkflowRecord(fields: Record<string, string>): WorkflowRecord | undefined {
  const { name, queue, app } = fields;
  if (name === undefined || queue === undefined || app === undefined) return undefined;
  return {
    name,
    queue,
    app,
    maxConcurrency: Number(fields['maxConcurrency'] ?? 1),
    maxAttempts: Number(fields['maxAttempts'] ?? 1),
    updatedAt: Number(fields['updatedAt'] ?? 0),
    onFailure: fields['onFailure'] === '1',
    retriesJson: fields['retriesJson'] ?? '{}',
    cron: parseJson(fields['cronJson'], []) as WorkflowRecord['cron'],
    inputSchema: parseJson(fields['inputSchemaJson'], undefined),
  };
}

function parseJson(text: string | undefined, fallback: unknown): unknown {
  if (!text) return fallback;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return fallback;
  }
}
