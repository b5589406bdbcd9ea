import { Injectable } from '@nestjs/common';
import { z } from 'zod';

const Environment = z.object({
  REDIS_URL: z.string().default('redis://127.0.0.1:6379'),
  REDFLOW_PREFIX: z.string().default('orders'),
  PORT: z.coerce.number().int().min(0).default(3000),
  PROVIDER_URL: z.url().default('http://127.0.0.1:3001'),
  PROVIDER_TIMEOUT_MS: z.coerce.number().int().positive().default(1_000),
  WORKER_NAME: z.string().default(`worker-${process.pid}`),
  WORKER_CONCURRENCY: z.coerce.number().int().positive().default(20),
  LEASE_MS: z.coerce.number().int().min(100).default(5_000),
});

/** The settings of every process of the sample, read from the environment once and checked. */
@Injectable()
export class AppConfig {
  readonly #environment = Environment.parse(process.env);

  /** Where the API listens; 0 takes any free port. */
  readonly port = this.#environment.PORT;

  /** What the API and the workers share: one prefix, one engine. */
  readonly redflow = {
    app: 'orders',
    connection: this.#environment.REDIS_URL,
    prefix: this.#environment.REDFLOW_PREFIX,
  };

  readonly worker = {
    concurrency: this.#environment.WORKER_CONCURRENCY,
    runtime: { leaseMs: this.#environment.LEASE_MS },
  };

  readonly provider = {
    url: this.#environment.PROVIDER_URL,
    timeoutMs: this.#environment.PROVIDER_TIMEOUT_MS,
    /** How this process introduces itself to the provider. */
    client: this.#environment.WORKER_NAME,
  };
}
