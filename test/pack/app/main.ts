import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { RedflowClient } from '@redflow/nestjs';
import { launchRedis, type LaunchedRedis } from '@redflow/nestjs/testing';
import { AppModule } from './app.module.js';
import { GreetingWorkflow } from './greeting.workflow.js';

export type Launch = () => Promise<LaunchedRedis>;

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
  const client = app.get(RedflowClient);
  // @ts-expect-error the types have come along: wrong input does not compile
  const refused = client.run(GreetingWorkflow, { name: 1 }).catch((error: Error) => error.name);
  const handle = await client.run(GreetingWorkflow, { name: 'Ada' });
  const output: { text: string; at: string } = await handle.result({ timeoutMs: 30_000 });
  const steps = await client.getRunSteps(handle.id);
  await app.close();
  const report = { output, steps: steps.map(({ name }) => name), refused: await refused, launcher: typeof launchRedis };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

void main();
