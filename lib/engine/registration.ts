import { z } from 'zod';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import type { Payloads } from '../core/payloads.js';
import type { CronTrigger, RegistryStore, WorkflowRecord } from '../core/store.js';
import { cronId } from './define-workflow.js';
import { encodeInput } from './input.js';
import type { WorkflowRegistry } from './workflow-registry.js';
import type { CronOptions, WorkflowDefinition } from './workflow.js';

interface RegistrationParts {
  readonly store: RegistryStore;
  readonly payloads: Payloads;
}

/** @throws ConfigurationError, ValidationError for the input of a trigger */
export async function syncRegistry(
  { store, payloads }: RegistrationParts,
  registry: WorkflowRegistry,
  app: string,
): Promise<{ removed: string[]; foreign: string[] }> {
  const workflows = await Promise.all(
    checkRegistry(registry)
      .list()
      .map((definition) => toRecord(definition as WorkflowDefinition, payloads)),
  );
  return store.sync({ app: checkApp(app), workflows });
}

/** @throws ConfigurationError */
export function checkApp(app: unknown): string {
  if (typeof app !== 'string' || app.trim() === '') {
    throw new ConfigurationError('app', 'is required: a name for this application, not empty after trimming');
  }
  return app.trim();
}

/** @throws ConfigurationError */
export function checkRegistry(registry: WorkflowRegistry): WorkflowRegistry {
  if (typeof registry?.list === 'function') return registry;
  throw new ConfigurationError('registry', 'is required: a WorkflowRegistry');
}

async function toRecord(
  definition: WorkflowDefinition,
  payloads: Payloads,
): Promise<Omit<WorkflowRecord, 'app' | 'updatedAt'>> {
  return {
    name: definition.name,
    queue: definition.queue,
    maxConcurrency: definition.maxConcurrency,
    maxAttempts: definition.retries.maxAttempts ?? 1,
    onFailure: definition.onFailure !== undefined,
    retriesJson: JSON.stringify(definition.retries),
    cron: await Promise.all(definition.cron.map((cron) => toTrigger(definition, cron, payloads))),
    inputSchema: inputSchema(definition),
  };
}

async function toTrigger(
  definition: WorkflowDefinition,
  cron: CronOptions,
  payloads: Payloads,
): Promise<Omit<CronTrigger, 'workflow'>> {
  const id = cronId(cron);
  return {
    id,
    expression: cron.expression,
    timezone: cron.timezone,
    input: await encodeInput(payloads, `${definition.name}" (cron "${id}")`, definition.schema, cron.input),
  };
}

/** `undefined` for what JSON Schema cannot say (a transform without an input type, a custom type). */
function inputSchema(definition: WorkflowDefinition): unknown {
  if (!definition.schema) return undefined;
  try {
    return z.toJSONSchema(definition.schema, { io: 'input', unrepresentable: 'any' });
  } catch {
    return undefined;
  }
}
