// Answers on their way: kept in the browser until the service has them, sent one after the other, the same one never twice.
const RETRY_MS = 3000;

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing where the page came without HTTPS
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// person: whose answers they are; those of another who used this browser wait for that one's sign-in. sent(item, answer), refused(item, error): what became of an item. changed(count, online): after every step.
// signedOut(): nothing goes on before a sign-in.
export function startOutbox({ language, person, sent, refused, changed, signedOut }) {
  const place = `review-outbox ${person}`;
  let items = read();
  let sending = null;
  let online = true;
  let timer = 0;

  function read() {
    try {
      return JSON.parse(localStorage.getItem(place)) ?? [];
    } catch {
      return [];
    }
  }

  function write() {
    localStorage.setItem(place, JSON.stringify(items));
    changed(items.length, online);
  }

  async function send() {
    if (sending || items.length === 0) return;
    clearTimeout(timer);
    const [item] = items;
    sending = item;
    let answer = null;
    try {
      answer = await fetch(`/api/v1/review/${item.fruit}?lang=${language}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(item.body),
      });
    } catch {
      // no way to the service
    }
    sending = null;
    // What the service cannot do now, or not without a sign-in, waits; what it will never take is said.
    const later = answer === null || answer.status >= 500 || [401, 408, 429].includes(answer.status);
    const content = later ? null : await answer.json().catch(() => null);
    online = content !== null;
    if (!online) {
      if (answer?.status === 401) signedOut();
      timer = setTimeout(send, RETRY_MS);
      changed(items.length, online);
      return;
    }
    items = items.filter((one) => one.body.key !== item.body.key);
    write();
    if (answer.ok) sent(item, content);
    else refused(item, content.error);
    void send();
  }

  addEventListener("online", () => void send());
  changed(items.length, online);
  void send();

  return {
    add(fruit, body) {
      items = [...items, { fruit, body }];
      write();
      void send();
    },
    // Takes an answer out that was not sent yet. False: it is on its way, or there.
    takeOut(key) {
      if (sending?.body.key === key || !items.some((one) => one.body.key === key)) return false;
      items = items.filter((one) => one.body.key !== key);
      write();
      return true;
    },
    holds: (fruit) => items.some((one) => one.fruit === fruit && one.body.answer !== "undo"),
    get count() {
      return items.length;
    },
  };
}
