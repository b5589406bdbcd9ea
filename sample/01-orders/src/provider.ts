import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { Ledger } from './provider/ledger.js';
import { ProviderServer } from './provider/provider.server.js';
import { WeatherStation } from './provider/weather.js';

const settings = z
  .object({
    PORT: z.coerce.number().int().min(0).default(3001),
    SEED: z.string().default('fair and foul'),
    LATENCY_MIN_MS: z.coerce.number().min(0).default(30),
    LATENCY_MAX_MS: z.coerce.number().min(0).default(150),
  })
  .parse(process.env);

const station = new WeatherStation(settings.SEED, { min: settings.LATENCY_MIN_MS, max: settings.LATENCY_MAX_MS });
const server = new ProviderServer(new Ledger(), station).create();

server.listen(settings.PORT, '127.0.0.1');
await once(server, 'listening');
console.log(`Provider: listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
