import { count } from './audit.mjs';
import { accounts, standing } from './provider.mjs';

const RULER = '─'.repeat(60);

/** Prints the table and the verdict; gives whether every rule holds. */
export function report({ evidence, verdict, seconds }) {
  const { answers, runs } = evidence;
  section('Orders over HTTP', { 'lines sent': answers.length, ...count(answers) });
  section(
    'Runs by status',
    tally(runs, (run) => run.status),
  );
  section(
    'Why orders failed',
    tally(failed(runs), (run) => run.error.message.replace(/\d+/g, '…')),
  );
  section('Side effects, counted at the provider', sideEffects(evidence));
  section('What they went through', { ...hardships(evidence), seconds: seconds.toFixed(1) });
  if (evidence.story) section(...story(evidence.story));
  console.log(RULER);
  for (const { rule, offenders } of verdict)
    console.log(offenders.length === 0 ? `✔ ${rule}` : `✘ ${rule}: ${excerpt(offenders)}`);
  return verdict.every(({ offenders }) => offenders.length === 0);
}

function sideEffects({ runs, entries }) {
  const books = accounts(entries);
  const total = (kind) => entries.filter((entry) => entry.kind === kind).length;
  const charged = (test) => runs.filter((run) => test(books(run.input.id).charge.length)).length;
  const missing = (effect) =>
    runs.filter((run) => run.status === 'succeeded' && standing(books(run.input.id)[effect]).length === 0).length;
  return {
    'orders charged once': charged((times) => times === 1),
    'orders charged twice': charged((times) => times > 1),
    'charges refunded': total('refund'),
    'stock reserved': total('reservation'),
    'stock released': total('release'),
    'labels bought': total('label'),
    'labels voided': total('void'),
    'receipts e-mailed': total('email'),
    'succeeded without charge, label or receipt': missing('charge') + missing('label') + missing('email'),
  };
}

function hardships({ runs, interrupted, repeats, weather }) {
  const { fair, ...foul } = weather;
  return {
    'calls that the provider answered well': fair ?? 0,
    ...Object.fromEntries(Object.entries(foul).map(([kind, times]) => [`calls that met: ${kind}`, times])),
    'calls repeated and absorbed by their key': repeats,
    'orders that needed another attempt': runs.filter((run) => run.attempt > 1).length,
    'orders cut off by the kill of a worker': interrupted.length,
    'of them recovered': runs.filter((run) => interrupted.includes(run.input.id) && run.finishedAt).length,
  };
}

/** One of the orders that the killed worker had in hand. */
function story({ id, input, steps }) {
  const told = steps.map(({ name, status, attempts, startedAt, finishedAt }) => [
    `${name}: ${status}, attempts: ${attempts}`,
    `${finishedAt - startedAt} ms`,
  ]);
  return [`${input.id} was cut off and recovered (GET /orders/${id})`, Object.fromEntries(told)];
}

function failed(runs) {
  return runs.filter((run) => run.status === 'failed');
}

function tally(values, key) {
  const counts = {};
  for (const value of values) counts[key(value)] = (counts[key(value)] ?? 0) + 1;
  return counts;
}

function section(title, rows) {
  console.log(`${RULER}\n${title}`);
  for (const [name, value] of Object.entries(rows)) console.log(`  ${name.padEnd(48)}${String(value).padStart(10)}`);
}

function excerpt(offenders) {
  return offenders.slice(0, 5).join(', ') + (offenders.length > 5 ? ` and ${offenders.length - 5} more` : '');
}
