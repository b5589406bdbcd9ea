import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiModule } from './api.module.js';
import { AppConfig } from './config/app.config.js';

const app = await NestFactory.create(ApiModule);
app.enableShutdownHooks();
await app.listen(app.get(AppConfig).port, '127.0.0.1');
new Logger('Api').log(`listening on ${await app.getUrl()}`);
