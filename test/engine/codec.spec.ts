import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { defineWorkflow, type Codec } from '@redflow/nestjs';
import { keysOf } from '../support/redis.js';
import { failureOf, useEngine } from './engine.js';

/** Keeps dates and big integers, and encrypts. */
class SecretCodec implements Codec {
  readonly #key = randomBytes(32);
  encode(value: unknown): string {
    const text = JSON.stringify(value, function (this: Record<string, unknown>, key, encoded: unknown) {
      const raw = this[key];
      if (raw instanceof Date) return { $date: raw.getTime() };
      return typeof raw === 'bigint' ? { $big: `${raw}` } : encoded;
    });
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-256-cbc', this.#key, iv);
    return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  }
  decode(text: string): unknown {
    const bytes = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-cbc', this.#key, bytes.subarray(0, 16));
    const json = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString('utf8');
    return JSON.parse(json, (_key, value: { $date?: number; $big?: string } | null) => {
      if (value?.$date !== undefined) return new Date(value.$date);
      return value?.$big === undefined ? value : BigInt(value.$big);
    });
  }
}

describe('a codec of the user', () => {
  const engine = useEngine();
  const at = new Date('2026-05-06T07:08:09Z');
  const child = defineWorkflow('child', {}, (_ctx, input: unknown) => input);
  const secretive = defineWorkflow('secretive', {}, async ({ step }, input: unknown) => {
    const stepped = await step.run('step', () => ({ secret: 'step', at, n: 2n ** 70n }));
    const answer = await step.runWorkflow('child', child, { secret: 'child', stepped });
    return { secret: 'output', input, answer };
  });

  it('is used for inputs, outputs, steps and children, in what clients read too', async () => {
    const codec = new SecretCodec();
    await engine.startWorker([secretive, child], { codec });
    const client = engine.newClient({ codec });
    const input = { secret: 'input', at };
    const handle = await client.run(secretive, input, { idempotencyKey: 'k' });
    const stepped = { secret: 'step', at, n: 2n ** 70n };
    const output = { secret: 'output', input, answer: { secret: 'child', stepped } };
    await expect(handle.result()).resolves.toEqual(output);
    await expect(client.getRun(handle.id)).resolves.toMatchObject({ input, output });
    await expect(client.getRunSteps(handle.id)).resolves.toMatchObject([
      { output: stepped },
      { output: output.answer },
    ]);
    await expect(client.run(secretive, input, { idempotencyKey: 'k', onConflict: 'reject' })).resolves.toMatchObject({
      id: handle.id,
    });
    await expect(client.run(secretive, 1, { idempotencyKey: 'k', onConflict: 'reject' })).rejects.toMatchObject({
      name: 'IdempotencyConflictError',
    });
    for (const key of await keysOf(engine.redis.commands, engine.redis.prefix)) {
      if ((await engine.redis.commands.type(key)) !== 'hash') continue;
      expect(JSON.stringify(await engine.redis.commands.hgetall(key))).not.toContain('secret"');
    }
  });

  it('that another process does not have: the run fails with an error that says so', async () => {
    await engine.startWorker([child]);
    const handle = await engine.newClient({ codec: new SecretCodec() }).run(child, 1);
    await expect(failureOf(engine.client.getHandle(handle.id))).resolves.toMatchObject({
      error: { kind: 'serialization', message: expect.stringContaining('another codec') },
    });
  });

  it('that fails does not end the worker', async () => {
    const codec: Codec = { encode: () => '', decode: () => undefined };
    await expect(engine.newClient({ codec }).run(child, 1)).rejects.toMatchObject({ name: 'SerializationError' });
    const output = defineWorkflow('output', {}, () => 1);
    await engine.startWorker([output], { codec });
    await expect(failureOf(await engine.client.run(output, undefined))).resolves.toMatchObject({
      error: { kind: 'serialization' },
    });
  });
});

describe('limits of payloads', () => {
  const engine = useEngine();
  const limits = { payloadBytes: 100, payloadDepth: 3 };

  it('hold for inputs to the byte', async () => {
    const client = engine.newClient({ limits });
    const echo = defineWorkflow('echo', {}, (_ctx, input: unknown) => input);
    await expect(client.run(echo, 'x'.repeat(98))).resolves.toBeDefined();
    await expect(client.run(echo, 'x'.repeat(99))).rejects.toThrow('101 bytes, allowed are 100');
    await expect(client.run(echo, 'ä'.repeat(50))).rejects.toThrow('102 bytes');
    await expect(client.run(echo, [[[1]]])).resolves.toBeDefined();
    await expect(client.run(echo, [[[[1]]]])).rejects.toThrow('deeper than 3 levels');
  });

  it('hold for outputs and steps; such a run fails, and is not retried', async () => {
    const large = 'x'.repeat(200);
    const output = defineWorkflow('output', { retries: { maxAttempts: 3 } }, () => large);
    const step = defineWorkflow('step', { retries: { maxAttempts: 3 } }, (ctx) => ctx.step.run('large', () => large));
    await engine.startWorker([output, step], { limits });
    for (const workflow of [output, step]) {
      const handle = await engine.client.run(workflow, undefined);
      await expect(failureOf(handle)).resolves.toMatchObject({ error: { kind: 'serialization' } });
      await expect(handle.state()).resolves.toMatchObject({ attempt: 1 });
    }
  });
});
