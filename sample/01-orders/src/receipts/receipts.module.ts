import { Module } from '@nestjs/common';
import { ProviderClientModule } from '../provider-client/provider-client.module.js';
import { ReceiptsService } from './receipts.service.js';

@Module({ imports: [ProviderClientModule], providers: [ReceiptsService], exports: [ReceiptsService] })
export class ReceiptsModule {}
