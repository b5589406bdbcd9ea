import { Inject, Injectable } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';

/**
 * Tells when modules were loaded lazily, so that their workflows are found without a call of the user. Nest has no
 * hook for it and calls no lifecycle hook of such modules, so `load` of the application's one `LazyModuleLoader`
 * is wrapped; it lives as long as the application.
 */
@Injectable()
export class LazyModulesObserver {
  #observing = false;

  constructor(@Inject(LazyModuleLoader) private readonly loader: LazyModuleLoader) {}

  /** `load` resolves once `onLoad` has, and rejects with its error. */
  observe(onLoad: () => Promise<void>): void {
    const { loader } = this;
    const load = loader.load.bind(loader);
    this.#observing = true;
    loader.load = async (...args) => {
      const moduleRef = await load(...args);
      if (this.#observing) await onLoad();
      return moduleRef;
    };
  }

  unobserve(): void {
    this.#observing = false;
  }
}
