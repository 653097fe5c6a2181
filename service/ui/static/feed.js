// The events of a line. Calls back with every event, and with what the connection is doing.
import { data } from "./texts.js";

const AGAIN_MS = 2000;
const SILENT_MS = 4000; // the state comes twice a second

// on: {state, decision, dropped, resumed, link}; link gets one of: connecting, live, silent, lost, missing, busy
export function watchLine(line, on) {
  const path = `/api/v1/lines/${encodeURIComponent(line)}`;
  let source = null;
  let heard = 0;
  let link = null;

  function say(next) {
    if (next === link) return;
    link = next;
    on.link(next);
  }

  function open() {
    source = new EventSource(`${path}/events?lang=${data.language}`);
    for (const name of ["state", "decision", "dropped", "resumed"]) {
      source.addEventListener(name, (event) => {
        heard = performance.now();
        say("live");
        on[name](JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      if (link !== "missing" && link !== "busy") say("lost");
      if (source.readyState === EventSource.CLOSED) void askWhy(); // otherwise the browser tries again by itself
    });
  }

  async function askWhy() {
    source.close();
    try {
      const answer = await fetch(path);
      if (answer.status === 401) location.reload(); // to the sign-in, and back
      say(answer.status === 404 ? "missing" : answer.ok ? "busy" : "lost");
    } catch {
      say("lost");
    }
    setTimeout(open, AGAIN_MS);
  }

  say("connecting");
  open();
  setInterval(() => {
    if (link === "live" && performance.now() - heard > SILENT_MS) say("silent");
  }, 1000);
}
