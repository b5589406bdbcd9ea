/** The provider failed or did not answer. Whether it has acted is unknown: ask again under the same key. */
export class ProviderUnavailableError extends Error {
  override readonly name = 'ProviderUnavailableError';
}
