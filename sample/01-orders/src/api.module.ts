import { Module } from '@nestjs/common';
import { RedflowModule } from '@redflow/nestjs';
import { AppConfig } from './config/app.config.js';
import { ConfigModule } from './config/config.module.js';
import { OrdersModule } from './orders/orders.module.js';

/** The process that takes orders. It starts runs and executes none. */
@Module({
  imports: [
    ConfigModule,
    RedflowModule.forRootAsync({
      inject: [AppConfig],
      useFactory: (config: AppConfig) => ({ ...config.redflow, worker: false }),
    }),
    OrdersModule,
  ],
})
export class ApiModule {}
