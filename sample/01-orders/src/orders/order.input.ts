import { z } from 'zod';

const CURRENCIES = 'BRL CNY CZK ETB EUR GBP HKD ILS INR ISK JPY KRW KWD PLN TRY UAH USD VND'.split(' ');

/** In the smallest unit of the currency, so that no sum is ever off by a rounding. */
const Amount = z.int().min(0);

export const LineItem = z.object({
  sku: z.string().regex(/^[A-Z0-9-]{3,32}$/),
  title: z.string().trim().min(1).max(200),
  quantity: z.int().min(1).max(99),
  unitPrice: Amount.min(1),
});

export const Address = z.object({
  lines: z.array(z.string().trim().min(1).max(200)).min(1).max(4),
  city: z.string().trim().min(1).max(100),
  postalCode: z.string().max(16).optional(),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166 code of two letters'),
});

const Payment = z.discriminatedUnion('method', [
  z.object({ method: z.literal('card'), token: z.string().min(1) }),
  z.object({ method: z.literal('wallet'), wallet: z.enum(['apple', 'google', 'paypal']), token: z.string().min(1) }),
]);

/** An order as customers send it: the body of `POST /orders` and the input of the workflow `order`. */
export const OrderInput = z
  .object({
    id: z.string().regex(/^ORD-\d{6}$/),
    placedAt: z.iso.datetime(),
    customer: z.object({ name: z.string().trim().min(1).max(100), email: z.email() }),
    currency: z.enum(CURRENCIES),
    items: z.array(LineItem).min(1).max(50),
    coupon: z.object({ code: z.string(), discount: Amount }).optional(),
    total: Amount,
    shipTo: Address,
    payment: Payment,
    gift: z.object({ message: z.string().max(500) }).optional(),
    note: z.string().max(1_000).optional(),
  })
  .refine((order) => order.total === priceOf(order), {
    path: ['total'],
    error: 'is not the price of the items minus the discount',
  });

export type OrderInput = z.output<typeof OrderInput>;
export type Address = z.output<typeof Address>;
export type LineItem = z.output<typeof LineItem>;

function priceOf(order: { items: LineItem[]; coupon?: { discount: number } }): number {
  const goods = order.items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
  return goods - (order.coupon?.discount ?? 0);
}
