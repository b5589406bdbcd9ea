/** Every so manieth order is canceled. */
const EVERY = 25;
/** When: at once, while it is queued; or once all but so many of the orders before it have ended. */
const MOMENTS = [Infinity, 40, 20];

/** A customer who changes his mind now and then, so that cancellation meets orders in every state. */
export class FickleCustomer {
  #api;
  #placed = 0;
  #intentions = [];
  #requests = [];

  constructor(api) {
    this.#api = api;
  }

  /** Hears of every new order. */
  placed(runId) {
    this.#placed += 1;
    if (this.#placed % EVERY !== 0) return;
    const moment = MOMENTS[(this.#placed / EVERY) % MOMENTS.length];
    if (moment === Infinity) this.#cancel(runId);
    else this.#intentions.push({ runId, due: this.#placed - moment });
  }

  /** Hears how many orders have ended. */
  ended(count) {
    const due = this.#intentions.filter((intention) => intention.due <= count);
    this.#intentions = this.#intentions.filter((intention) => intention.due > count);
    for (const { runId } of due) this.#cancel(runId);
  }

  /** Resolves when every request is answered. */
  async answered() {
    await Promise.all(this.#requests);
  }

  #cancel(runId) {
    const request = this.#delete(runId);
    request.catch(() => undefined); // heard of in `answered`
    this.#requests.push(request);
  }

  async #delete(runId) {
    const response = await fetch(`${this.#api}/orders/${runId}`, { method: 'DELETE' });
    await response.text();
    if (!response.ok) throw new Error(`DELETE /orders/${runId} answered ${response.status}`);
  }
}
