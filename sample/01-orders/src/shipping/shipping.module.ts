import { Module } from '@nestjs/common';
import { ProviderClientModule } from '../provider-client/provider-client.module.js';
import { LabelWorkflow } from './label.workflow.js';
import { ShippingService } from './shipping.service.js';

@Module({
  imports: [ProviderClientModule],
  providers: [LabelWorkflow, ShippingService],
  exports: [ShippingService],
})
export class ShippingModule {}
