import { Module } from '@nestjs/common';
import { PaymentsModule } from '../payments/payments.module.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { ShippingModule } from '../shipping/shipping.module.js';
import { StockModule } from '../stock/stock.module.js';
import { OrderReversal } from './order-reversal.js';
import { OrderWorkflow } from './order.workflow.js';
import { ReversalWorkflow } from './reversal.workflow.js';
import { SweepWorkflow } from './sweep.workflow.js';

@Module({
  imports: [PaymentsModule, ReceiptsModule, ShippingModule, StockModule],
  providers: [OrderReversal, OrderWorkflow, ReversalWorkflow, SweepWorkflow],
})
export class FulfilmentModule {}
