/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    // Installs from the registry: `npm run test:pack`.
    '<rootDir>/test/pack/',
    // Counts what the server does, and needs it for itself: `npm run test:costs`.
    '<rootDir>/test/bench/',
    // Needs a minute and a gigabyte: `npm run test:scale`.
    '<rootDir>/test/doctor/scale',
    // Kill processes, servers and links, and need time and cores to themselves: `npm run test:faults`.
    '<rootDir>/test/chaos/',
    '<rootDir>/test/topologies/',
    '<rootDir>/test/security/(acl|tls)',
    '<rootDir>/test/doctor/(fence|live|mutants|omissions)',
  ],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@redflow/nestjs$': '<rootDir>/lib/index.ts',
    '^@redflow/nestjs/testing$': '<rootDir>/lib/testing/index.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2023',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testTimeout: 30_000,
};

export default config;
