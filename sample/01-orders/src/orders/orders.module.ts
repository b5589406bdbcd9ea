import { BadRequestException, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

const validation = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => new BadRequestException({ message: 'The order is not valid', issues }),
});

@Module({
  controllers: [OrdersController],
  providers: [OrdersService, { provide: APP_PIPE, useValue: validation }],
})
export class OrdersModule {}
