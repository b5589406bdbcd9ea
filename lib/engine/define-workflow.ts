import type { z } from 'zod';
import { CronExpressionParser } from 'cron-parser';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import { checkInteger, checkName, MAX_TIMER_MS } from '../core/names.js';
import { checkRetries } from '../core/retry.js';
import type { WorkflowContext } from './context.js';
import type { CronOptions, FailureHandler, WorkflowDefinition, WorkflowHandler, WorkflowOptions } from './workflow.js';

const DEFAULT_QUEUE = 'default';
const DEFAULT_MAX_CONCURRENCY = 1;
const DEFAULT_MAX_ATTEMPTS = 1;

// The parser would fill in fields that are left out, and draw a time of its own for an `H`.
const CRON_SHAPE = /^\s*(@[a-z]+|[^\sH@]\S*(\s+[^\sH]\S*){4,5})\s*$/;

interface DefinitionExtras<Input> {
  /** Runs once after the last attempt has failed; never on cancellation. */
  readonly onFailure?: FailureHandler<Input>;
}

/**
 * Defines a workflow without Nest.
 *
 * @throws ConfigurationError that names the workflow and the option
 */
export function defineWorkflow<S extends z.ZodType, Output>(
  name: string,
  options: WorkflowOptions<S> & { readonly schema: S } & DefinitionExtras<z.output<S>>,
  handler: (ctx: WorkflowContext<z.output<S>>, input: z.output<S>) => Output | Promise<Output>,
): WorkflowDefinition<z.input<S>, Output>;
export function defineWorkflow<Input, Output>(
  name: string,
  options: Omit<WorkflowOptions, 'schema'> & { readonly schema?: undefined } & DefinitionExtras<Input>,
  handler: WorkflowHandler<Input, Output>,
): WorkflowDefinition<Input, Output>;
export function defineWorkflow(
  name: string,
  options: WorkflowOptions & DefinitionExtras<never>,
  handler: WorkflowHandler<never, unknown>,
): WorkflowDefinition<never, unknown> {
  return buildDefinition(name, options, handler, options.onFailure);
}

/** The one place where options of a workflow are checked and defaults applied. */
export function buildDefinition(
  name: string,
  options: WorkflowOptions,
  handler: WorkflowHandler<never, unknown>,
  onFailure: FailureHandler<never> | undefined,
): WorkflowDefinition<never, unknown> {
  checkName('workflow name', name);
  const option = (key: string): string => `workflow "${name}": ${key}`;
  if (typeof handler !== 'function') throw new ConfigurationError(option('handler'), 'must be a function (ctx, input)');
  if (onFailure !== undefined && typeof onFailure !== 'function') {
    throw new ConfigurationError(option('onFailure'), 'must be a function (failure)');
  }
  const retries = { ...options.retries, maxAttempts: options.retries?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS };
  checkRetries(option('retries'), retries);
  return {
    name,
    queue: checkName(option('queue'), options.queue ?? DEFAULT_QUEUE),
    maxConcurrency: checkInteger(option('maxConcurrency'), options.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY, 1),
    schema: checkSchema(option('schema'), options.schema),
    outputSchema: checkSchema(option('outputSchema'), options.outputSchema),
    cron: checkCron(name, options.cron ?? []),
    retries,
    timeoutMs:
      options.timeoutMs === undefined
        ? undefined
        : checkInteger(option('timeoutMs'), options.timeoutMs, 1, MAX_TIMER_MS),
    handler,
    onFailure,
  };
}

function checkSchema(option: string, schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema === undefined || typeof schema?.safeParseAsync === 'function') return schema;
  throw new ConfigurationError(option, 'must be a zod schema');
}

/** The id of a trigger that was given none. */
export function cronId(cron: CronOptions): string {
  return cron.id ?? `${cron.expression} ${cron.timezone ?? 'UTC'}`;
}

function checkCron(workflow: string, triggers: readonly CronOptions[]): readonly CronOptions[] {
  const list: unknown = triggers;
  if (!Array.isArray(list)) throw new ConfigurationError(`workflow "${workflow}": cron`, 'must be a list of triggers');
  const ids = new Set<string>();
  for (const trigger of triggers) {
    const id = checkName(`workflow "${workflow}": cron.id`, cronId(trigger));
    if (ids.has(id)) throw new ConfigurationError(`workflow "${workflow}": cron`, `two triggers have the id "${id}"`);
    ids.add(id);
    checkExpression(workflow, trigger);
  }
  return triggers;
}

function checkExpression(workflow: string, trigger: CronOptions): void {
  const option = `workflow "${workflow}": cron.expression`;
  if (typeof trigger.expression !== 'string' || !CRON_SHAPE.test(trigger.expression)) {
    throw new ConfigurationError(
      option,
      `"${trigger.expression}" must have five fields, or six with seconds first, and no H`,
    );
  }
  checkTimezone(workflow, trigger.timezone);
  try {
    CronExpressionParser.parse(trigger.expression, { tz: trigger.timezone ?? 'UTC' }).next();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      option,
      `"${trigger.expression}" (${trigger.timezone ?? 'UTC'}) is not valid: ${reason}`,
    );
  }
}

function checkTimezone(workflow: string, timezone: string | undefined): void {
  if (timezone === undefined) return;
  try {
    // Refuses the empty name too, which the parser would take for the zone of this machine.
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    throw new ConfigurationError(`workflow "${workflow}": cron.timezone`, `"${timezone}" is not an IANA time zone`);
  }
}
