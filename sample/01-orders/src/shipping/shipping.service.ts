import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Address } from '../orders/order.input.js';
import { ProviderClient, type Call } from '../provider-client/provider.client.js';

const BoughtLabel = z.object({ id: z.string(), trackingNumber: z.string() });
export type BoughtLabel = z.output<typeof BoughtLabel>;

const VoidedLabel = z.object({ reversed: z.array(z.string()) });
export type VoidedLabel = z.output<typeof VoidedLabel>;

@Injectable()
export class ShippingService {
  constructor(private readonly provider: ProviderClient) {}

  /** @throws NonRetriableError when no carrier goes there */
  buyLabel(orderId: string, shipTo: Address, call: Call): Promise<BoughtLabel> {
    return this.provider.post('/labels', { orderId, shipTo }, call, BoughtLabel);
  }

  voidLabel(orderId: string, call: Call): Promise<VoidedLabel> {
    return this.provider.post('/voids', { orderId }, call, VoidedLabel);
  }
}
