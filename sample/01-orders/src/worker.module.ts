import { Module } from '@nestjs/common';
import { RedflowModule } from '@redflow/nestjs';
import { AppConfig } from './config/app.config.js';
import { ConfigModule } from './config/config.module.js';
import { FulfilmentModule } from './fulfilment/fulfilment.module.js';

/** The process that executes runs. Start as many as the orders need. */
@Module({
  imports: [
    ConfigModule,
    RedflowModule.forRootAsync({
      inject: [AppConfig],
      useFactory: (config: AppConfig) => ({ ...config.redflow, worker: config.worker }),
    }),
    FulfilmentModule,
  ],
})
export class WorkerModule {}
