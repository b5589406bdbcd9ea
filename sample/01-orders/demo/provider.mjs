/** The provider's books, as anybody may read them. */
export class ProviderBooks {
  #url;

  constructor(url) {
    this.#url = url;
  }

  ledger() {
    return this.#get('/ledger');
  }

  openCalls(client) {
    return this.#get(`/open-calls?client=${encodeURIComponent(client)}`);
  }

  async #get(path) {
    const response = await fetch(this.#url + path);
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  }
}

/** What stands to each order's account: `{ charge: [entries], label: […], … }`, reversed entries marked. */
export function accounts(entries) {
  const reversed = new Set(entries.map((entry) => entry.reverses));
  const orders = new Map();
  for (const entry of entries) {
    const account = orders.get(entry.orderId) ?? { reservation: [], charge: [], label: [], email: [] };
    account[entry.kind]?.push({ ...entry, reversed: reversed.has(entry.id) });
    orders.set(entry.orderId, account);
  }
  return (orderId) => orders.get(orderId) ?? { reservation: [], charge: [], label: [], email: [] };
}

export function standing(effects) {
  return effects.filter((entry) => !entry.reversed);
}
