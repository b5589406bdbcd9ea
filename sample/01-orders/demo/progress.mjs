const WIDTH = 30;

/** Counts runs that have ended, shows it, and wakes whoever waits for a number. */
export class Progress {
  #total;
  #sent = 0;
  #ended = 0;
  #waiting = [];
  #shownTenths = 0;
  #done = false;

  constructor(total) {
    this.#total = total;
  }

  sent() {
    this.#sent += 1;
    this.#show();
  }

  /** Gives how many have ended by now. */
  ended() {
    this.#ended += 1;
    this.#waiting = this.#waiting.filter(({ count, resolve }) => count > this.#ended || resolve());
    this.#show();
    return this.#ended;
  }

  /** Resolves once so many runs have ended. */
  reached(count) {
    return new Promise((resolve) => {
      if (this.#ended >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }

  /** Prints a line above the bar. */
  note(text) {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
    console.log(text);
    if (!this.#done) this.#show();
  }

  /** Leaves the bar as it is. */
  done() {
    this.#done = true;
    if (process.stdout.isTTY) console.log();
  }

  #show() {
    const share = Math.min(1, this.#ended / this.#total);
    const filled = Math.round(share * WIDTH);
    const text = `  ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}  ${this.#sent} sent, ${this.#ended} of ${this.#total} orders ended`;
    if (process.stdout.isTTY) return void process.stdout.write(`\r\x1b[K${text}`);
    const tenths = Math.floor(share * 10);
    if (tenths > this.#shownTenths) console.log(text);
    this.#shownTenths = tenths;
  }
}
