import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { OrderInput } from '../orders/order.input.js';
import { ProviderClient, type Call } from '../provider-client/provider.client.js';

const Reservation = z.object({ id: z.string() });
export type Reservation = z.output<typeof Reservation>;

const Release = z.object({ reversed: z.array(z.string()) });
export type Release = z.output<typeof Release>;

@Injectable()
export class StockService {
  constructor(private readonly provider: ProviderClient) {}

  /** @throws NonRetriableError when something is sold out */
  reserve({ id: orderId, items }: OrderInput): Promise<Reservation> {
    const quantities = items.map(({ sku, quantity }) => ({ sku, quantity }));
    // An order is reserved once, so its number serves as the key.
    const call = { idempotencyKey: `reserve:${orderId}` };
    return this.provider.post('/reservations', { orderId, items: quantities }, call, Reservation);
  }

  release(orderId: string, call: Call): Promise<Release> {
    return this.provider.post('/releases', { orderId }, call, Release);
  }
}
