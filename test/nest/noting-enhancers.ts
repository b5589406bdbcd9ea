import {
  Catch,
  Injectable,
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import type { WorkflowContext } from '@redflow/nestjs';
import { map } from 'rxjs';

/** What the enhancers of a test have done, in order. */
export const events: string[] = [];

@Injectable()
export class Journal {
  note(event: string): void {
    events.push(event);
  }
}

@Injectable()
export class NotingGuard implements CanActivate {
  constructor(private readonly journal: Journal) {}
  canActivate(context: ExecutionContext): boolean {
    this.journal.note('guard');
    return context.getArgByIndex(1) !== 'forbidden';
  }
}

@Injectable()
export class NotingInterceptor implements NestInterceptor {
  constructor(private readonly journal: Journal) {}
  intercept(_context: ExecutionContext, next: CallHandler) {
    this.journal.note('before');
    return next.handle().pipe(
      map((value) => {
        this.journal.note('after');
        return `<${value}>`;
      }),
    );
  }
}

@Injectable()
export class NotingPipe implements PipeTransform {
  constructor(private readonly journal: Journal) {}
  transform(value: unknown, { type }: ArgumentMetadata): unknown {
    this.journal.note(`pipe ${type}`);
    return typeof value === 'string' ? value.toUpperCase() : value;
  }
}

@Injectable()
@Catch(RangeError)
export class NotingFilter implements ExceptionFilter {
  constructor(private readonly journal: Journal) {}
  catch(error: RangeError): void {
    this.journal.note('filter');
    throw new TypeError(`filtered: ${error.message}`);
  }
}

export async function body(ctx: WorkflowContext, input: unknown): Promise<string> {
  events.push('run');
  if (ctx.input !== input) throw new Error('ctx.input is not the input');
  if (input === 'FAIL' || input === 'fail') throw new RangeError('failed');
  return String(input);
}
