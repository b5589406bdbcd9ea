import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { OrderInput } from '../orders/order.input.js';
import { ProviderClient, type Call } from '../provider-client/provider.client.js';

const Charge = z.object({ id: z.string(), amount: z.int(), currency: z.string() });
export type Charge = z.output<typeof Charge>;

const Refund = z.object({ reversed: z.array(z.string()) });
export type Refund = z.output<typeof Refund>;

@Injectable()
export class PaymentsService {
  constructor(private readonly provider: ProviderClient) {}

  /** @throws NonRetriableError when the card is declined */
  charge({ id: orderId, total: amount, currency, payment }: OrderInput, call: Call): Promise<Charge> {
    return this.provider.post('/charges', { orderId, amount, currency, token: payment.token }, call, Charge);
  }

  /** Pays back what the order was charged, and has the provider refuse whatever charge may still be on its way. */
  refund(orderId: string, call: Call): Promise<Refund> {
    return this.provider.post('/refunds', { orderId }, call, Refund);
  }
}
