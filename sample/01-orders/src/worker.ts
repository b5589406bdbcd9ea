import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppConfig } from './config/app.config.js';
import { WorkerModule } from './worker.module.js';

// No HTTP: the worker starts with the application context, and drains when it is told to stop.
const app = await NestFactory.createApplicationContext(WorkerModule);
app.enableShutdownHooks();
new Logger('Worker').log(`${app.get(AppConfig).provider.client} is ready`);
