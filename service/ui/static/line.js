// The live page of one line.
import { _, data, number } from "./texts.js";
import { whatNeedsALook } from "./attention.js";
import { showCameras } from "./camera_list.js";
import { watchLine } from "./feed.js";
import { SHOW_EVERY_MS, laneCard } from "./lane_card.js";
import { element, fill, mark, put } from "./put.js";
import { startThemeButton } from "./theme_button.js";

const $ = (id) => document.getElementById(id);
const PAST_STATES = 120; // a minute
const EARLIER_STATES = 10; // five seconds
const MOST_NOTES = 8;

const lanes = new Map();
const past = [];
let held = false;
let dropped = 0;

put($("line-name"), _("Line {name}", { name: data.line }));
document.title = `${data.line} · ${document.title}`;

function lane(number_) {
  if (!lanes.has(number_)) {
    const made = laneCard(number_);
    made.hold(held);
    lanes.set(number_, made);
    const after = [...lanes.keys()].sort((a, b) => a - b);
    $("lanes").insertBefore(made.card, lanes.get(after[after.indexOf(number_) + 1])?.card ?? null);
  }
  return lanes.get(number_);
}

function onState(state) {
  past.push(state);
  if (past.length > PAST_STATES) past.shift();
  const used = state.lanes.filter(({ counts }) => counts.client !== null || counts.triggers > 0 || counts.frames > 0);
  const { notes, levels } = whatNeedsALook(state, past[0]);
  for (const one of used) lane(one.counts.lane).state(one, levels[one.counts.lane]);
  showGauges(state);
  showNotes(notes);
  showCameras($("cameras"), state, past.at(-EARLIER_STATES - 1) ?? past[0]);
  $("cameras-box").hidden = state.cameras.length === 0;
  const quiet = state.lanes.map(({ counts }) => counts.lane).filter((one) => !lanes.has(one));
  $("quiet-lanes").hidden = quiet.length === 0 || used.length === 0;
  put($("quiet-lanes"), _("Lanes without fruit: {lanes}", { lanes: quiet.join(", ") }));
  blank(
    used.length === 0,
    _("Nobody sends to this line yet"),
    _("The page is ready. Fruit appear as soon as cameras or the control of the line connect."),
  );
}

function showGauges(state) {
  put($("rate"), number(Math.round(state.fruit_per_minute)));
  const belt = state.moving === null ? "–" : state.moving ? _("runs") : _("stands");
  put($("belt"), belt);
  mark($("belt-gauge"), "level", state.encoder_stuck ? "bad" : null);
  const place = state.encoder === null ? [_("no encoder count yet")] : [_("count {count}", { count: state.encoder })];
  if (state.moving) place.push(_("{count} a second", { count: number(Math.round(state.counts_per_s)) }));
  put($("encoder"), place.join(" · "));
  put($("workers"), `${state.ready_workers} / ${state.workers}`);
  mark($("workers-gauge"), "level", state.ready_workers < state.workers ? "bad" : null);
  const waiting = [_("Views waiting: {count}", { count: number(state.waiting_views) })];
  if (state.restarts) waiting.push(_("Restarts: {count}", { count: number(state.restarts) }));
  put($("waiting"), waiting.join(" · "));
  put($("model"), state.model ?? _("none yet"));
  put($("previews"), dropped ? _("This page left out {count} fruit: it is too slow", { count: number(dropped) }) : "");
}

function showNotes(notes) {
  const few = notes.slice(0, MOST_NOTES);
  if (notes.length > MOST_NOTES) few[MOST_NOTES - 1] = { level: "warn", text: _("{count} more", { count: notes.length - MOST_NOTES + 1 }) };
  fill($("notes"), few, () => element("li", ""), (item, note) => {
    put(item, note.text);
    mark(item, "level", note.level);
  });
  $("all-well").hidden = notes.length > 0 || lanes.size === 0;
}

function blank(show, lead, todo) {
  $("blank").hidden = !show;
  if (!show) return;
  put($("blank-lead"), lead);
  put($("blank-todo"), todo);
}

function onLink(link) {
  const words = {
    connecting: _("Connecting"), live: _("Live"), silent: _("No news"), lost: _("Connecting again"), missing: _("Not there yet"), busy: _("Too many pages"),
  };
  const lamps = { connecting: "loading", live: "ready", silent: "loading", lost: "failed", missing: "loading", busy: "failed" };
  mark($("status"), "state", lamps[link]);
  put($("status-text"), words[link]);
  const banners = {
    silent: _("The grader has told nothing for some seconds. What you see may be old."),
    lost: _("The connection to the grader is lost. The line does not need this page; it comes back by itself."),
    busy: _("Too many pages watch this line. Close one of them; this page tries again by itself."),
  };
  $("banner").hidden = !banners[link];
  put($("banner"), banners[link] ?? "");
  document.body.classList.toggle("stale", Boolean(banners[link]));
  if (link === "missing") {
    blank(true, _("There is no line “{name}” yet", { name: data.line }), _("It appears as soon as somebody sends to it. The lines that are there are in the list: Lines."));
  }
}

watchLine(data.line, {
  state: onState,
  decision: (decision) => lane(decision.lane).add(decision),
  dropped: ({ dropped: count }) => { dropped += count; },
  resumed: ({ missed }) => {
    if (missed !== null) return;
    past.length = 0; // another run of the service: nothing of the old one holds
    dropped = 0;
    for (const one of lanes.values()) one.forget();
  },
  link: onLink,
});

setInterval(() => {
  for (const one of lanes.values()) one.drawTape();
}, 200);
setInterval(() => {
  for (const one of lanes.values()) one.step();
}, SHOW_EVERY_MS / 2);

function hold() {
  held = !held;
  $("hold").setAttribute("aria-pressed", String(held));
  put($("hold"), held ? _("Go on") : _("Hold"));
  document.body.classList.toggle("held", held);
  for (const one of lanes.values()) one.hold(held);
}

function goTo(index) {
  const numbers = [...lanes.keys()].sort((a, b) => a - b);
  const card = lanes.get(numbers.includes(index) ? index : numbers[index - 1])?.card;
  card?.focus();
  card?.scrollIntoView({ block: "nearest" });
}

$("hold").addEventListener("click", hold);
$("help-open").addEventListener("click", () => $("help").showModal());
startThemeButton();

const keys = {
  "?": () => $("help").showModal(),
  h: hold,
  f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const action = /^[1-9]$/.test(event.key) ? () => goTo(Number(event.key)) : keys[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  void action();
});
