import { children, longWait, manyChildren, sharedChild } from './children.js';
import {
  cancel,
  cancelFamilies,
  cancelReadyChild,
  keyOutlivesRun,
  poison,
  recovery,
  removeNothing,
  removeParent,
  retention,
} from './endings.js';
import { registration, upkeep } from './registration.js';
import type { Scene } from './scene.js';
import { half, raiseLimit, slots, spoilt, turnover } from './slots.js';
import { enqueue, execute, handOver, repeatedClaim, retry, watch } from './starting.js';

export const SCENES: Readonly<Record<string, Scene>> = {
  ...{ enqueue, execute, retry, repeatedClaim, handOver, watch },
  ...{ slots, turnover, raiseLimit, half },
  ...{ children, manyChildren, sharedChild, longWait },
  ...{
    cancel,
    cancelFamilies,
    cancelReadyChild,
    recovery,
    poison,
    retention,
    keyOutlivesRun,
    removeParent,
    removeNothing,
  },
  ...{ registration, upkeep },
  // Last: it leaves a run that cannot be read.
  spoilt,
};
