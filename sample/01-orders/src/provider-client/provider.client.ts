import { Injectable } from '@nestjs/common';
import { NonRetriableError, RetryAfterError } from '@redflow/nestjs';
import type { z } from 'zod';
import { AppConfig } from '../config/app.config.js';
import { ProviderUnavailableError } from './provider-unavailable.error.js';

/** What a call takes from the step that makes it; redflow's `StepScope` fits. */
export interface Call {
  /** The provider does the same thing once, however often it is asked under one key. */
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal;
}

/** Speaks to the provider, and says of each failure whether it is worth another attempt. */
@Injectable()
export class ProviderClient {
  constructor(private readonly config: AppConfig) {}

  /**
   * @throws NonRetriableError when the provider refuses; RetryAfterError when it asks for a pause;
   *   ProviderUnavailableError when it fails or does not answer in time, and may have acted or not
   */
  async post<Answer extends z.ZodType>(
    path: string,
    body: object,
    call: Call,
    answer: Answer,
  ): Promise<z.output<Answer>> {
    const response = await this.send(path, body, call);
    if (response.ok) return answer.parse(await response.json());
    const { message } = (await response.json()) as { message: string };
    if (response.status < 500) throw new NonRetriableError(message);
    const pause = response.headers.get('retry-after');
    if (pause) throw new RetryAfterError(Number(pause) * 1_000, message);
    throw new ProviderUnavailableError(`${path}: ${message}`);
  }

  private async send(path: string, body: object, { idempotencyKey, signal }: Call): Promise<Response> {
    const { url, client, timeoutMs } = this.config.provider;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await fetch(new URL(path, url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey, 'user-agent': client },
        body: JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
    } catch (error) {
      signal?.throwIfAborted();
      const problem = timeout.aborted ? `no answer within ${timeoutMs} ms` : 'not reachable';
      throw new ProviderUnavailableError(`${path}: ${problem}`, { cause: error });
    }
  }
}
