import { Inject } from '@nestjs/common';
import { getRedflowClientToken } from '../redflow.module-definition.js';

/**
 * Injects the client of a named instance; without a name that of the unnamed one, which can also be injected by its
 * class `RedflowClient`.
 */
export function InjectRedflow(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getRedflowClientToken(name));
}
