/**
 * Posts every line as it stands, at most `concurrency` at once, and gives the answers in the order of
 * the lines. `onAnswer` hears of each as it comes.
 */
export async function feed({ api, lines, concurrency, onAnswer }) {
  const answers = [];
  const queue = lines.entries();
  const post = async () => {
    for (const [index, line] of queue) {
      const response = await fetch(`${api}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: line,
      });
      answers[index] = { line, status: response.status, ...(await response.json()) };
      onAnswer(answers[index]);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, post));
  return answers;
}

/**
 * A customer who changes his mind now and then: cancels every n-th order, in turn at once, a little
 * later and much later, so that it is met queued, running, waiting or done.
 */
export class FickleCustomer {
  static #EVERY = 25;
  static #LATER = [0, 60, 200];
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
    if (this.#placed % FickleCustomer.#EVERY === 0) {
      const turn = this.#placed / FickleCustomer.#EVERY;
      const later = FickleCustomer.#LATER[turn % FickleCustomer.#LATER.length];
      this.#intentions.push({ runId, at: this.#placed + later });
    }
    this.#act((intention) => intention.at <= this.#placed);
  }

  /** Carries out what is still intended, and waits for all answers. */
  async finish() {
    this.#act(() => true);
    await Promise.all(this.#requests);
  }

  #act(isDue) {
    const due = this.#intentions.filter(isDue);
    this.#intentions = this.#intentions.filter((intention) => !due.includes(intention));
    for (const { runId } of due) {
      const request = this.#cancel(runId);
      request.catch(() => undefined); // heard of in `finish`
      this.#requests.push(request);
    }
  }

  async #cancel(runId) {
    const response = await fetch(`${this.#api}/orders/${runId}`, { method: 'DELETE' });
    if (!response.ok) throw new Error(`DELETE /orders/${runId} answered ${response.status}`);
    await response.json();
  }
}
