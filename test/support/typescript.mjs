// Lets Node run the TypeScript of this repository as it lies there, for programs outside Jest:
// node --import ./test/support/typescript.mjs test/<program>.ts
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
