import type { InjectionToken } from '@nestjs/common';
import { RedflowHealthIndicator } from './redflow.health-indicator.js';

/**
 * The token of the health indicator of an instance: the class `RedflowHealthIndicator` for the unnamed one; for a named
 * one use `@Inject(getRedflowHealthToken(name))`.
 */
export function getRedflowHealthToken(name?: string): InjectionToken<RedflowHealthIndicator> {
  return name === undefined ? RedflowHealthIndicator : `RedflowHealthIndicator:${name}`;
}
