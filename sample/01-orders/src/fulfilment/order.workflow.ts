import {
  NonRetriableError,
  OnFailure,
  RunFailedError,
  Step,
  Workflow,
  type WorkflowContext,
  type WorkflowFailure,
} from '@redflow/nestjs';
import { OrderInput } from '../orders/order.input.js';
import { PaymentsService } from '../payments/payments.service.js';
import { ReceiptsService } from '../receipts/receipts.service.js';
import { LabelWorkflow, type Label } from '../shipping/label.workflow.js';
import { StockService, type Reservation } from '../stock/stock.service.js';
import { OrderReversal } from './order-reversal.js';
import { PATIENT } from './patience.js';

/** The papers of an order that has gone out. */
export interface FulfilledOrder {
  readonly reservationId: string;
  readonly chargeId: string;
  readonly trackingNumber: string;
  readonly receiptId: string;
}

/** From an order to a parcel: stock, money, label, receipt; in this order, each of them once. */
@Workflow({
  name: 'order',
  queue: 'orders',
  schema: OrderInput,
  maxConcurrency: 50,
  retries: { maxAttempts: 4, backoff: { type: 'exponential', delayMs: 500, maxMs: 5_000 } },
})
export class OrderWorkflow {
  constructor(
    private readonly stock: StockService,
    private readonly payments: PaymentsService,
    private readonly receipts: ReceiptsService,
    private readonly reversal: OrderReversal,
  ) {}

  async run(ctx: WorkflowContext<typeof OrderInput>, order: OrderInput): Promise<FulfilledOrder> {
    const reservation = await this.reserveStock(order);
    const charge = await ctx.step.run({ name: 'charge', ...PATIENT }, (call) => this.payments.charge(order, call));
    const { trackingNumber } = await this.askForLabel(ctx, order);
    const receipt = await ctx.step.run({ name: 'email-receipt', ...PATIENT }, (call) =>
      this.receipts.send(order, { chargeId: charge.id, trackingNumber }, call),
    );
    return { reservationId: reservation.id, chargeId: charge.id, trackingNumber, receiptId: receipt.id };
  }

  @Step({ name: 'reserve-stock', ...PATIENT })
  reserveStock(order: OrderInput): Promise<Reservation> {
    return this.stock.reserve(order);
  }

  /** The order failed for good: nothing of it may remain. */
  @OnFailure()
  async compensate({ input, error, step, logger }: WorkflowFailure<OrderInput>): Promise<void> {
    logger.log(`order ${input.id} failed (${error.message}) and is reversed`);
    await this.reversal.reverse(input.id, step);
  }

  /** The run is suspended meanwhile: it holds neither this worker nor a slot of `maxConcurrency`. */
  private async askForLabel(ctx: WorkflowContext<typeof OrderInput>, order: OrderInput): Promise<Label> {
    try {
      return await ctx.step.runWorkflow('label', LabelWorkflow, { orderId: order.id, shipTo: order.shipTo });
    } catch (error) {
      // The child had attempts of its own and is never started twice, so another attempt of the order would not help.
      if (error instanceof RunFailedError) throw new NonRetriableError(error.error.message, { cause: error });
      throw error;
    }
  }
}
