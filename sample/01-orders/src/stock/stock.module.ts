import { Module } from '@nestjs/common';
import { ProviderClientModule } from '../provider-client/provider-client.module.js';
import { StockService } from './stock.service.js';

@Module({ imports: [ProviderClientModule], providers: [StockService], exports: [StockService] })
export class StockModule {}
