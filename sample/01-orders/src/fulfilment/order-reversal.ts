import { Injectable } from '@nestjs/common';
import type { StepTools } from '@redflow/nestjs';
import { PaymentsService } from '../payments/payments.service.js';
import { ShippingService } from '../shipping/shipping.service.js';
import { StockService } from '../stock/stock.service.js';
import { PERSISTENT } from './patience.js';

/** Takes back whatever an order has brought about. Safe for an order that got nowhere, and safe to repeat. */
@Injectable()
export class OrderReversal {
  constructor(
    private readonly stock: StockService,
    private readonly payments: PaymentsService,
    private readonly shipping: ShippingService,
  ) {}

  async reverse(orderId: string, step: StepTools): Promise<void> {
    await Promise.all([
      step.run({ name: 'refund', ...PERSISTENT }, (call) => this.payments.refund(orderId, call)),
      step.run({ name: 'void-label', ...PERSISTENT }, (call) => this.shipping.voidLabel(orderId, call)),
      step.run({ name: 'release-stock', ...PERSISTENT }, (call) => this.stock.release(orderId, call)),
    ]);
  }
}
