#!/usr/bin/env node
/*
 * Writes `orders.jsonl`, the input of the demo, and `orders.expected.json`, what an honest shop must
 * make of it. One request body a line, as a partner would send them: valid, invalid, sent twice, and
 * sent twice with different content. The seed is fixed, so the files are always the same:
 *
 *   node data/generate-orders.mjs            writes them
 *   node data/generate-orders.mjs --check    fails if the committed ones differ
 */
import { readFile, writeFile } from 'node:fs/promises';
import { COUNTRIES, NOTES, PRODUCTS, SOLD_OUT, UNREACHABLE, minorUnits } from './catalogue.mjs';
import { DEFECTS } from './defects.mjs';
import { Dice } from './dice.mjs';

const SEED = 20_250_601;
const ORDERS = 870;
const INVALID = 60;
const REPEATED = 40;
const CHANGED = 30;
/** A second sending comes at least so many lines after the first, so that it certainly finds it. */
const DISTANCE = 80;

const EXPECTED = {
  lines: ORDERS + INVALID + REPEATED + CHANGED,
  accepted: ORDERS,
  rejected: INVALID,
  duplicates: REPEATED + CHANGED,
};

const dice = new Dice(SEED);

function lineItem(country, product = dice.pick(PRODUCTS)) {
  const unitPrice = Math.max(1, Math.round((product.euros / country.eurosPerUnit) * minorUnits(country.currency)));
  return { sku: product.sku, title: product.title, quantity: dice.chance(0.7) ? 1 : dice.between(2, 12), unitPrice };
}

function payment() {
  if (dice.chance(0.03)) return { method: 'card', token: 'tok_declined' };
  if (dice.chance(0.75)) return { method: 'card', token: `tok_${dice.pick(['visa', 'mastercard', 'amex'])}` };
  return { method: 'wallet', wallet: dice.pick(['apple', 'google', 'paypal']), token: `wal_${dice.between(1e6, 9e6)}` };
}

function items(country) {
  const count = dice.chance(0.5) ? 1 : dice.chance(0.9) ? dice.between(2, 5) : dice.between(6, 20);
  const chosen = Array.from({ length: count }, () => lineItem(country));
  return dice.chance(0.015) ? [...chosen, lineItem(country, SOLD_OUT)] : chosen;
}

function totalOf(order) {
  const goods = order.items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
  return goods - (order.coupon?.discount ?? 0);
}

function order(number) {
  const country = dice.chance(0.015) ? UNREACHABLE : dice.pick(COUNTRIES);
  const name = dice.pick(country.names);
  const made = {
    id: `ORD-${String(number).padStart(6, '0')}`,
    placedAt: new Date(Date.UTC(2025, 4, 1) + number * 97_000).toISOString(),
    customer: { name, email: `customer.${number}@${dice.pick(['example.com', 'example.org', 'example.net'])}` },
    currency: country.currency,
    items: items(country),
    shipTo: { lines: [dice.pick(country.streets)], ...dice.pick(country.places), country: country.code },
    payment: payment(),
  };
  if (dice.chance(0.2)) made.shipTo.lines.push(`c/o ${name}`);
  if (dice.chance(0.15))
    made.coupon = { code: `HELLO${dice.between(5, 20)}`, discount: Math.floor(totalOf(made) / 10) };
  if (dice.chance(0.1)) made.gift = { message: dice.pick(NOTES) };
  if (dice.chance(0.1)) made.note = dice.pick(NOTES);
  return { ...made, total: totalOf(made) };
}

/** The same order number, another content: what a careless client sends after an edit. */
function changed(original) {
  const edited = structuredClone(original);
  edited.items[0].quantity += dice.between(1, 5);
  edited.note = 'changed my mind';
  return { ...edited, total: totalOf(edited) };
}

function insertAfter(lines, original, copy) {
  const first = lines.indexOf(original);
  lines.splice(dice.between(Math.min(first + DISTANCE, lines.length), lines.length), 0, copy);
}

function generate() {
  const orders = Array.from({ length: ORDERS }, (_, index) => order(index + 1));
  const lines = orders.map((made) => JSON.stringify(made));
  const early = dice.shuffle(orders.slice(0, ORDERS - 2 * DISTANCE));
  for (const original of early.slice(0, REPEATED))
    insertAfter(lines, JSON.stringify(original), JSON.stringify(original));
  for (const original of early.slice(REPEATED, REPEATED + CHANGED)) {
    insertAfter(lines, JSON.stringify(original), JSON.stringify(changed(original)));
  }
  for (let index = 0; index < INVALID; index++) {
    const spoil = DEFECTS[index % DEFECTS.length];
    lines.splice(dice.between(0, lines.length), 0, spoil(order(900_000 + index)));
  }
  return lines;
}

const files = new Map([
  ['orders.jsonl', generate().join('\n') + '\n'],
  ['orders.expected.json', JSON.stringify(EXPECTED, null, 2) + '\n'],
]);

for (const [name, content] of files) {
  const url = new URL(name, import.meta.url);
  if (!process.argv.includes('--check')) await writeFile(url, content);
  else if ((await readFile(url, 'utf8')) !== content) throw new Error(`${name} is not what the generator makes`);
}
