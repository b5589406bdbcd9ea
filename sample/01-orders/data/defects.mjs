/** Ways in which a request body can be wrong. Each gets a valid order and gives the line to send. */
const edit = (change) => (order) => {
  change(order);
  return JSON.stringify(order);
};

export const DEFECTS = [
  edit((order) => delete order.customer.email),
  edit((order) => (order.customer.email = 'not an address')),
  edit((order) => (order.customer.name = '   ')),
  edit((order) => (order.items = [])),
  edit((order) => (order.items[0].quantity = -1)),
  edit((order) => (order.items[0].quantity = '2')),
  edit((order) => (order.items[0].unitPrice += 0.5)),
  edit((order) => (order.total += 1)),
  edit((order) => (order.currency = 'XXX')),
  edit((order) => (order.shipTo.country = 'Deutschland')),
  edit((order) => (order.payment = { method: 'cheque' })),
  edit((order) => delete order.id),
  edit((order) => (order.id = 'order 7; DROP TABLE orders')),
  edit((order) => (order.placedAt = '31.02.2025')),
  edit((order) => (order.note = 'x'.repeat(2_000))),
  (order) => JSON.stringify([order]),
  (order) => JSON.stringify(order).slice(0, -20),
  () => 'null',
  () => '{}',
  edit((order) => (order.coupon = { code: 'ALL', discount: order.total * 100 })),
];
