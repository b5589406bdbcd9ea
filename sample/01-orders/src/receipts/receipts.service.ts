import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { OrderInput } from '../orders/order.input.js';
import { ProviderClient, type Call } from '../provider-client/provider.client.js';
import { receiptText, type ReceiptDetails } from './receipt-text.js';

const SentEmail = z.object({ id: z.string() });
export type SentEmail = z.output<typeof SentEmail>;

@Injectable()
export class ReceiptsService {
  constructor(private readonly provider: ProviderClient) {}

  send(order: OrderInput, details: ReceiptDetails, call: Call): Promise<SentEmail> {
    const email = {
      orderId: order.id,
      to: order.customer.email,
      subject: `Your order ${order.id}`,
      text: receiptText(order, details),
    };
    return this.provider.post('/emails', email, call, SentEmail);
  }
}
