import { Module } from '@nestjs/common';
import { RedflowModule } from '@redflow/nestjs';
import { Greeter, GreetingWorkflow } from './greeting.workflow.js';

@Module({
  imports: [
    RedflowModule.forRoot({ app: 'pack', connection: process.env['REDIS_URL'], prefix: process.env['PREFIX'] }),
  ],
  providers: [Greeter, GreetingWorkflow],
})
export class AppModule {}
