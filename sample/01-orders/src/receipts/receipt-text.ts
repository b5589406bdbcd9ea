import type { OrderInput } from '../orders/order.input.js';

export interface ReceiptDetails {
  readonly chargeId: string;
  readonly trackingNumber: string;
}

export function receiptText(order: OrderInput, { chargeId, trackingNumber }: ReceiptDetails): string {
  const price = priceFormat(order.currency);
  return [
    `Dear ${order.customer.name},`,
    '',
    ...order.items.map(({ quantity, title, unitPrice }) => `${quantity} × ${title}: ${price(quantity * unitPrice)}`),
    ...(order.coupon ? [`Coupon ${order.coupon.code}: −${price(order.coupon.discount)}`] : []),
    `Total: ${price(order.total)} (payment ${chargeId})`,
    '',
    `Your parcel: ${trackingNumber}`,
  ].join('\n');
}

/** Formats amounts in the smallest unit: 1 234 is €12.34, ¥1,234 or KWD 1.234. */
function priceFormat(currency: string): (amount: number) => string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return (amount) => format.format(amount / 10 ** digits);
}
