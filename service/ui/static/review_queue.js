// The fruit that come next, with their pictures fetched ahead, so that nobody waits between two of them.
const AHEAD = 3;
const RETRY_MS = 3000;

// Of this browser: a page that is opened again gets its own fruit back.
function stationName() {
  let name = localStorage.getItem("review-station");
  if (!name) {
    name = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16)).join("");
    localStorage.setItem("review-station", name);
  }
  return name;
}

// skip(number): fruit that were answered a moment ago. changed(): something came, or the service does not answer.
// signedOut(): nothing goes on before a sign-in.
export function startQueue({ language, lot, skip, changed, signedOut }) {
  const station = stationName();
  const state = { kind: "all", fruits: [], waiting: null, missed: 0, online: true, asked: false };
  const pictures = new Map();
  let asking = 0;
  let counting = 0; // requests for counts, and the newest one that was answered
  let counted = 0;
  let timer = 0;

  async function ask(limit) {
    counting += 1;
    const mine = counting;
    const query = new URLSearchParams({ kind: state.kind, station, lang: language, limit });
    if (lot) query.set("lot", lot);
    const answer = await fetch(`/api/v1/review?${query}`);
    if (answer.status === 401) signedOut();
    if (!answer.ok) throw new Error(String(answer.status));
    const found = await answer.json();
    if (mine > counted) {
      counted = mine;
      state.waiting = found.waiting;
      state.missed = found.evidence.missed;
    }
    return found;
  }

  async function refill(pending = 0) {
    clearTimeout(timer);
    if (state.fruits.length >= AHEAD) return;
    asking += 1;
    const mine = asking;
    try {
      const found = await ask(Math.min(20, AHEAD + pending + 1));
      if (mine !== asking) return;
      const known = new Set(state.fruits.map((fruit) => fruit.lot_fruit_id));
      for (const fruit of found.fruits) {
        if (!known.has(fruit.lot_fruit_id) && !skip(fruit.lot_fruit_id)) state.fruits.push(fruit);
      }
      Object.assign(state, { online: true, asked: true });
    } catch {
      if (mine !== asking) return;
      state.online = false;
    }
    if (!state.online || state.fruits.length === 0) timer = setTimeout(() => refill(pending), RETRY_MS);
    for (const fruit of state.fruits) for (const view of fruit.views) void picture(view.url);
    changed();
  }

  // After answers were stored: how many wait now.
  async function recount() {
    await ask(0).then(changed, () => {});
  }

  // The address of a picture in this browser; null when it cannot be had.
  function picture(url) {
    if (!url) return Promise.resolve(null);
    if (!pictures.has(url)) {
      pictures.set(url, fetch(url).then(async (answer) => {
        if (!answer.ok) throw new Error(String(answer.status));
        return URL.createObjectURL(await answer.blob());
      }).catch(() => {
        pictures.delete(url);
        return null;
      }));
    }
    return pictures.get(url);
  }

  async function forget(fruit) {
    for (const view of fruit.views) {
      for (const url of [view.url, view.overlay_url]) {
        const made = await pictures.get(url);
        pictures.delete(url);
        if (made) URL.revokeObjectURL(made);
      }
    }
  }

  return {
    state,
    refill,
    recount,
    picture,
    forget,
    choose(kind) {
      Object.assign(state, { kind, fruits: [], asked: false });
      return refill();
    },
    shift: () => state.fruits.shift(),
    unshift: (fruit) => state.fruits.unshift(fruit),
  };
}
