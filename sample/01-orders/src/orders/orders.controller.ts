import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { OrderInput } from './order.input.js';
import { OrdersService, type OrderState, type PlacedOrder } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  /** 202: the order is durable, and will be fulfilled whatever happens to this process. */
  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  place(@Body({ schema: OrderInput }) order: OrderInput): Promise<PlacedOrder> {
    return this.orders.place(order);
  }

  @Get(':runId')
  find(@Param('runId') runId: string): Promise<OrderState> {
    return this.orders.find(runId);
  }

  @Delete(':runId')
  cancel(@Param('runId') runId: string): Promise<{ canceled: boolean }> {
    return this.orders.cancel(runId);
  }
}
