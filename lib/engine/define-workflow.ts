import type { z } from 'zod';
import { CronExpressionParser } from 'cron-parser';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import { checkInteger, checkName } from '../core/names.js';
import type { WorkflowContext } from './context.js';
import type { CronOptions, FailureHandler, WorkflowDefinition, WorkflowHandler, WorkflowOptions } from './workflow.js';

export const DEFAULT_QUEUE = 'default';
const DEFAULT_MAX_CONCURRENCY = 1;
const DEFAULT_MAX_ATTEMPTS = 1;

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
  const maxAttempts = options.retries?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
  return {
    name,
    queue: checkName(option('queue'), options.queue ?? DEFAULT_QUEUE),
    maxConcurrency: checkInteger(option('maxConcurrency'), options.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY, 1),
    schema: options.schema,
    outputSchema: options.outputSchema,
    cron: checkCron(name, options.cron ?? []),
    retries: { ...options.retries, maxAttempts: checkInteger(option('retries.maxAttempts'), maxAttempts, 1) },
    timeoutMs: options.timeoutMs === undefined ? undefined : checkInteger(option('timeoutMs'), options.timeoutMs, 1),
    handler,
    onFailure,
  };
}

/** The id of a trigger that was given none. */
export function cronId(cron: CronOptions): string {
  return cron.id ?? `${cron.expression} ${cron.timezone ?? 'UTC'}`;
}

function checkCron(workflow: string, triggers: readonly CronOptions[]): readonly CronOptions[] {
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
