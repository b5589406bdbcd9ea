import { Module } from '@nestjs/common';
import { ProviderClientModule } from '../provider-client/provider-client.module.js';
import { PaymentsService } from './payments.service.js';

@Module({ imports: [ProviderClientModule], providers: [PaymentsService], exports: [PaymentsService] })
export class PaymentsModule {}
