import { Injectable, NotFoundException } from '@nestjs/common';
import { RedflowClient, type RunState, type StepState } from '@redflow/nestjs';
import { OrderWorkflow } from '../fulfilment/order.workflow.js';
import type { OrderInput } from './order.input.js';

export interface PlacedOrder {
  readonly orderId: string;
  readonly runId: string;
  /** `false`: the order was placed before, and that one stands. */
  readonly created: boolean;
}

export interface OrderState extends RunState {
  readonly steps: StepState[];
}

@Injectable()
export class OrdersService {
  constructor(private readonly redflow: RedflowClient) {}

  /** An order id names one run: sent twice, it is fulfilled once, as it was sent first. */
  async place(order: OrderInput): Promise<PlacedOrder> {
    const { id: runId, created } = await this.redflow.run(OrderWorkflow, order, { idempotencyKey: order.id });
    return { orderId: order.id, runId, created };
  }

  async find(runId: string): Promise<OrderState> {
    const [run, steps] = await Promise.all([this.redflow.getRun(runId), this.redflow.getRunSteps(runId)]);
    if (!isOrder(run)) throw new NotFoundException(`There is no order with the run ${runId}`);
    return { ...run, steps };
  }

  /** Stops the order if it has not ended. What it had brought about is reversed by the next sweep. */
  async cancel(runId: string): Promise<{ canceled: boolean }> {
    const run = await this.redflow.getRun(runId);
    if (!isOrder(run)) throw new NotFoundException(`There is no order with the run ${runId}`);
    return { canceled: await this.redflow.cancelRun(runId, { reason: 'canceled by the customer' }) };
  }
}

function isOrder(run: RunState | undefined): run is RunState {
  return run?.workflow === 'order';
}
