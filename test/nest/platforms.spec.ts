import { Body, Controller, Module, Post, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedflowClient, Workflow, type WorkflowContext } from '@redflow/nestjs';
import { outputOf, useNest } from './nest-apps.js';

@Workflow({ name: 'greet' })
class GreetWorkflow {
  async run(_ctx: WorkflowContext, input: { name: string }): Promise<string> {
    return `hello ${input.name}`;
  }
}

@Controller('greetings')
class GreetingsController {
  constructor(private readonly redflow: RedflowClient) {}

  @Post()
  async greet(@Body() input: { name: string }): Promise<{ greeting: string }> {
    const handle = await this.redflow.run(GreetWorkflow, input);
    return { greeting: await handle.result({ timeoutMs: 10_000 }) };
  }
}

describe('works alike in', () => {
  const nest = useNest();
  const appModule = (): Type => {
    @Module({ imports: [nest.redflow()], controllers: [GreetingsController], providers: [GreetWorkflow] })
    class AppModule {}
    return AppModule;
  };
  const options = { logger: false as const, abortOnError: false };

  async function greetOverHttp(app: INestApplication): Promise<unknown> {
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/greetings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ name: 'Ada' }),
    });
    return response.json();
  }

  it('an Express application', async () => {
    const app = nest.own(await NestFactory.create(appModule(), options));
    await expect(greetOverHttp(app)).resolves.toEqual({ greeting: 'hello Ada' });
  });

  it('a Fastify application', async () => {
    const app = nest.own(await NestFactory.create(appModule(), new FastifyAdapter(), options));
    await expect(greetOverHttp(app)).resolves.toEqual({ greeting: 'hello Ada' });
  });

  it('a standalone application context', async () => {
    const app = nest.own(await NestFactory.createApplicationContext(appModule(), options));
    await expect(outputOf(app, GreetWorkflow, { name: 'Ada' })).resolves.toBe('hello Ada');
  });

  it('an application with shutdown hooks', async () => {
    const app = nest.own(await NestFactory.createApplicationContext(appModule(), options));
    const listeners = process.listenerCount('SIGTERM');
    app.enableShutdownHooks();
    await expect(outputOf(app, GreetWorkflow, { name: 'Ada' })).resolves.toBe('hello Ada');
    await app.close();
    expect(process.listenerCount('SIGTERM')).toBe(listeners);
  });
});
