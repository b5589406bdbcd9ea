import { accounts, standing } from './provider.mjs';

const TERMINAL = ['succeeded', 'failed', 'canceled'];
const EFFECTS = ['reservation', 'charge', 'label', 'email'];

/**
 * Holds what the API has promised against what the engine says and what the provider has in its books.
 * Each rule gives those who break it; none may.
 *
 * @param evidence `expected`, `answers` (of the API, by line), `runs` (of the workflow `order`),
 *   `entries` (of the ledger), `interrupted` (order ids of the calls that the crash cut off)
 */
export function audit(evidence) {
  const books = accounts(evidence.entries);
  const orders = acceptedOrders(evidence);
  const ended = (...statuses) => orders.filter(({ run }) => statuses.includes(run?.status));
  const rules = {
    'Every valid order accepted, every invalid one rejected': miscounted(evidence),
    'An order sent twice is the run of the first': strayDuplicates(evidence),
    'No accepted order lost, each has one run': orders.filter(({ runs }) => runs !== 1),
    'Every run has ended': orders.filter(({ run }) => !TERMINAL.includes(run?.status)),
    'No order charged twice': orders.filter(({ id }) => books(id).charge.length > 1),
    'Every succeeded order: stock, charge, label, e-mail exactly once': ended('succeeded').filter(
      ({ id }) =>
        !EFFECTS.every((effect) => books(id)[effect].length === 1 && standing(books(id)[effect]).length === 1),
    ),
    'Every charge is the price of the order as it was sent first': orders.filter(({ id, content }) =>
      books(id).charge.some(({ amount, currency }) => amount !== content.total || currency !== content.currency),
    ),
    'Every failed or canceled order: no money, stock or label kept': ended('failed', 'canceled').filter(
      ({ id }) => leftOver(books(id)).length > 0,
    ),
    'Orders fail for a cause of theirs, and only then': orders.filter(
      ({ run, content }) => (run?.status === 'failed') !== (hasCauseToFail(content) && run?.status !== 'canceled'),
    ),
    'The orders that the killed worker had in hand have ended': evidence.interrupted.filter(
      (id) => !orders.some((order) => order.id === id && TERMINAL.includes(order.run?.status)),
    ),
  };
  return Object.entries(rules).map(([rule, offenders]) => ({ rule, offenders: offenders.map((one) => one.id ?? one) }));
}

/** What an order that did not succeed must not keep. */
export function leftOver(account) {
  return ['reservation', 'charge', 'label'].flatMap((effect) => standing(account[effect]));
}

export function count(answers) {
  return {
    accepted: answers.filter(({ status, created }) => status === 202 && created).length,
    duplicates: answers.filter(({ status, created }) => status === 202 && !created).length,
    rejected: answers.filter(({ status }) => status === 400).length,
  };
}

function acceptedOrders({ answers, runs }) {
  const byOrder = groupByOrder(runs);
  return answers
    .filter(({ created }) => created)
    .map(({ orderId, runId, line }) => {
      const own = byOrder.get(orderId) ?? [];
      return { id: orderId, content: JSON.parse(line), runs: own.length, run: own.find((run) => run.id === runId) };
    });
}

function groupByOrder(runs) {
  const groups = new Map();
  for (const run of runs) groups.set(run.input.id, [...(groups.get(run.input.id) ?? []), run]);
  return groups;
}

function miscounted({ expected, answers }) {
  const found = { lines: answers.length, ...count(answers) };
  return Object.keys(expected)
    .filter((key) => found[key] !== expected[key])
    .map((key) => `${key}: ${found[key]} instead of ${expected[key]}`);
}

function strayDuplicates({ answers }) {
  const first = new Map(answers.filter(({ created }) => created).map(({ orderId, runId }) => [orderId, runId]));
  return answers
    .filter(({ status, created, orderId, runId }) => status === 202 && !created && first.get(orderId) !== runId)
    .map(({ orderId }) => orderId);
}

function hasCauseToFail({ payment, items, shipTo }) {
  return (
    payment.token === 'tok_declined' || items.some(({ sku }) => sku.startsWith('SOLD-OUT')) || shipTo.country === 'AQ'
  );
}
