// One lane: the last fruit, its marks, classes and counts. Made once; afterwards only what changed is touched.
import { _, data, name, number, seconds } from "./texts.js";
import { markClass, nameClass } from "./classes.js";
import { element, fill, mark, put } from "./put.js";
import { previewOf } from "./preview.js";
import { shareBars } from "./share_bars.js";

const MARKS = 40;
const REMEMBERED = 64;
export const SHOW_EVERY_MS = 1000;
const COUNTS = [
  ["triggers", _("Fruit")], ["graded", _("Graded")], ["abstained", _("No class")], ["no_read", _("Not seen")],
  ["late", _("Late")], ["undelivered", _("Not delivered")], ["refused", _("Frames refused")],
];

export function laneCard(lane) {
  const card = element("article", "lane");
  card.id = `lane-${lane}`;
  card.tabIndex = -1;
  const title = element("h2", "", _("Lane {lane}", { lane }));
  title.id = `lane-${lane}-name`;
  card.setAttribute("aria-labelledby", title.id);
  const rate = element("p", "rate", "–");
  const head = element("div", "lane-head");
  head.append(title, rate);

  const fruit = lastFruit();
  const tape = element("div", "tape");
  tape.setAttribute("aria-hidden", "true");
  for (let index = 0; index < MARKS; index += 1) tape.append(element("span", ""));
  const shares = shareBars();
  const counts = element("dl", "counts");
  for (const [key, words] of COUNTS) {
    const row = element("div", "");
    row.dataset.count = key;
    row.append(element("dt", "", words), element("dd", "", "0"));
    counts.append(row);
  }
  card.append(head, fruit.box, tape, shares.box, counts);

  const recent = []; // the last decisions, newest last
  let shown = null;
  let held = false;
  const ask = previewOf(data.line, lane, {
    onPicture(number_, url) {
      const decision = recent.findLast((one) => one.number === number_);
      if (held || !decision) URL.revokeObjectURL(url);
      else show(decision, url);
    },
    onNone() {
      if (!held) show(recent.at(-1), null);
    },
  });

  function show(decision, url) {
    shown = decision.number;
    fruit.show(decision, url);
  }

  function drawTape() {
    const first = recent.length - MARKS;
    [...tape.children].forEach((spot, index) => {
      const decision = recent[first + index];
      if (!decision) return;
      markClass(spot, markOf(decision));
      spot.classList.toggle("late", decision.late);
    });
  }

  return {
    card,
    add(decision) {
      recent.push(decision);
      if (recent.length > REMEMBERED) recent.shift();
    },
    forget() {
      recent.length = 0;
    },
    drawTape,
    step() {
      const newest = recent.at(-1);
      if (!newest || held || newest.number === shown || document.hidden) return;
      if (newest.has_picture) void ask();
      else show(newest, null);
    },
    hold(on) {
      held = on;
    },
    state(state, levels) {
      put(rate, _("{count} a minute", { count: number(Math.round(state.fruit_per_minute)) }));
      shares.show(state);
      for (const row of counts.children) {
        const key = row.dataset.count;
        const count = key === "refused" ? sum(state.counts.refused) : state.counts[key];
        put(row.lastChild, number(count));
        row.hidden = key === "undelivered" && count === 0;
        mark(row, "level", levels[key]);
      }
    },
  };
}

function lastFruit() {
  const box = element("div", "last");
  const frame = element("div", "frame");
  const image = element("img", "");
  image.alt = "";
  image.hidden = true;
  const none = element("p", "no-picture", _("No fruit yet"));
  frame.append(image, none);
  const words = element("div", "words");
  const grade = element("p", "grade");
  grade.append(element("span", "chip"), element("strong", ""));
  const size = element("p", "size");
  const goes = element("p", "goes");
  goes.append(element("code", ""), element("span", "", ""));
  const why = element("ul", "reasons");
  const when = element("p", "when");
  words.append(grade, size, goes, why, when);
  box.append(frame, words);
  let old = null;

  async function showPicture(url) {
    const before = old;
    old = url;
    if (url) {
      const ready = new Image();
      ready.src = url;
      await ready.decode().catch(() => {}); // so that the picture changes without a flash
      if (old === url) image.src = url;
    }
    if (old === url) {
      image.hidden = !url;
      none.hidden = Boolean(url);
      if (!url) image.removeAttribute("src");
    }
    if (before) URL.revokeObjectURL(before);
  }

  return {
    box,
    show(decision, url) {
      void showPicture(url);
      put(none, decision.has_picture ? _("No picture now: grading comes first") : _("No camera saw it"));
      markClass(grade.firstChild, markOf(decision));
      put(grade.lastChild, decision.reason === null || decision.class !== null ? className(decision) : nameClass(markOf(decision)));
      image.alt = grade.textContent;
      const diameter = decision.size?.equatorial_diameter_mm;
      put(size, diameter ? `${number(diameter.value, 1)} mm` : decision.size ? _("no scale") : "");
      put(goes.firstChild, decision.sku ?? "");
      goes.firstChild.hidden = decision.sku === null;
      put(goes.lastChild, `→ ${name(decision.outlet)}`);
      fill(why, reasons(decision), () => element("li", ""), put);
      const id = _("Fruit {id}", { id: decision.fruit_id });
      put(when, [seconds(decision.decided_at), views(decision), id].filter(Boolean).join(" · "));
      mark(box, "number", decision.number);
      box.classList.toggle("late", decision.late);
    },
  };
}

function className(decision) {
  return decision.texts?.class ?? nameClass(decision.class ?? markOf(decision));
}

function views({ view_count: count }) {
  if (count === 0) return "";
  return count === 1 ? _("in one view") : _("in {count} views", { count });
}

function reasons(decision) {
  const told = decision.reason === null ? [] : [name(decision.reason)];
  const more = decision.texts?.reasons ?? [];
  const all = [...told, ...more];
  return all.length > 0 ? all.slice(0, 2) : [_("Nothing seen stands against the best class.")];
}

// As the line counts it.
function markOf(decision) {
  if (decision.reason === "no_view" || decision.reason === "no_fruit") return "no_read";
  if (decision.reason !== null && decision.reason !== "no_route") return "abstained";
  return decision.class;
}

export function sum(counts) {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
