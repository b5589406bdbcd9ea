import { z } from 'zod';
import { REVERSALS, type Effect, type Reversal } from './ledger.js';

const ForOrder = z.object({ orderId: z.string().min(1) });

const Reservation = ForOrder.extend({
  items: z.array(z.object({ sku: z.string().refine((sku) => !sku.startsWith('SOLD-OUT'), 'an item is sold out') })),
});

const Charge = ForOrder.extend({
  amount: z.int().min(0),
  currency: z.string(),
  token: z.string().refine((token) => token !== 'tok_declined', 'the card was declined'),
});

const Label = ForOrder.extend({
  shipTo: z.object({ country: z.string().refine((country) => country !== 'AQ', 'no carrier goes there') }),
});

const Email = ForOrder.extend({ to: z.email(), subject: z.string(), text: z.string() });

interface Route {
  readonly kind: Effect | Reversal;
  readonly body: z.ZodType<{ orderId: string; amount?: number; currency?: string }>;
}

/** What can be asked for. A body that does not fit is refused for good. */
export const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/reservations', { kind: 'reservation', body: Reservation }],
  ['/charges', { kind: 'charge', body: Charge }],
  ['/labels', { kind: 'label', body: Label }],
  ['/emails', { kind: 'email', body: Email }],
  ['/releases', { kind: 'release', body: ForOrder }],
  ['/refunds', { kind: 'refund', body: ForOrder }],
  ['/voids', { kind: 'void', body: ForOrder }],
]);

export function isReversal(kind: Effect | Reversal): kind is Reversal {
  return kind in REVERSALS;
}
