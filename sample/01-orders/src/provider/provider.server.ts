import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import type { Ledger } from './ledger.js';
import { isReversal, ROUTES } from './requests.js';
import type { Weather, WeatherStation } from './weather.js';

interface Answer {
  readonly status: number;
  readonly body: object;
}

interface OpenCall {
  readonly client: string;
  readonly orderId: string;
}

type Route = NonNullable<ReturnType<(typeof ROUTES)['get']>>;

/**
 * The outside world of the sample: warehouse, payment provider, carrier and mail server in one. Slow and
 * moody, but honest: it does each thing once per idempotency key and writes down what it did.
 *
 * For whoever looks on: `GET /ledger` gives what was done, `GET /open-calls?client=…` the orders whose calls
 * a client still waits for.
 */
export class ProviderServer {
  readonly #openCalls = new Set<OpenCall>();
  readonly #weather: Partial<Record<Weather, number>> = {};

  constructor(
    private readonly ledger: Ledger,
    private readonly station: WeatherStation,
  ) {}

  create(): Server {
    return createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://provider');
    const route = request.method === 'POST' ? ROUTES.get(url.pathname) : undefined;
    if (route) return this.#act(route, request, response);
    if (url.pathname === '/ledger') return send(response, { status: 200, body: this.#report() });
    if (url.pathname === '/open-calls') return send(response, { status: 200, body: this.#openCallsOf(url) });
    send(response, { status: 404, body: { message: `There is no ${request.method} ${url.pathname}` } });
  }

  async #act(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: unknown = await json(request);
    const orderId = String((body as { orderId?: unknown } | null)?.orderId);
    const call = { client: request.headers['user-agent'] ?? '', orderId };
    this.#openCalls.add(call);
    response.once('close', () => this.#openCalls.delete(call));

    const { weather, delays } = this.station.forecast(route.kind, orderId);
    this.#weather[weather] = (this.#weather[weather] ?? 0) + 1;
    await delay(delays[0]);
    if (weather === 'busy') return send(response, busy);
    if (weather === 'broken') return send(response, broken);
    const answer = this.#perform(route, body, String(request.headers['idempotency-key'] ?? ''));
    await delay(delays[1]);
    if (weather === 'silence') return;
    send(response, weather === 'lost-answer' ? broken : answer);
  }

  #perform({ kind, body }: Route, received: unknown, idempotencyKey: string): Answer {
    if (idempotencyKey === '') return refused('The header Idempotency-Key is required');
    const parsed = body.safeParse(received);
    if (!parsed.success) return refused(`${kind} refused: ${explain(parsed.error)}`);
    const { orderId, amount, currency } = parsed.data;
    if (isReversal(kind)) return done({ reversed: this.ledger.reverse({ kind, orderId, idempotencyKey }) });
    const entry = this.ledger.perform({ kind, orderId, idempotencyKey, amount, currency });
    if (!entry) return { status: 409, body: { message: `${kind} refused: order ${orderId} was reversed` } };
    return done(kind === 'label' ? { ...entry, trackingNumber: entry.id.slice(-12).toUpperCase() } : entry);
  }

  #report(): object {
    return { entries: this.ledger.entries, repeats: this.ledger.repeats, weather: this.#weather };
  }

  #openCallsOf(url: URL): string[] {
    const client = url.searchParams.get('client');
    return [...this.#openCalls].filter((call) => call.client === client).map((call) => call.orderId);
  }
}

const busy: Answer = { status: 503, body: { message: 'Too much to do, come back later' } };
const broken: Answer = { status: 500, body: { message: 'Something is broken' } };

/** Where a rule of the provider was broken its own words; where the body has the wrong shape, the place too. */
function explain({ issues }: z.ZodError): string {
  return issues
    .map(({ code, path, message }) => (code === 'custom' ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}

function done(body: object): Answer {
  return { status: 201, body };
}

function refused(message: string): Answer {
  return { status: 422, body: { message } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 503 && { 'retry-after': '1' }),
  });
  response.end(JSON.stringify(body));
}
