// The review page: one fruit after the other. One key confirms, two change the class; what is answered is never lost.
import { _, data, name, number } from "./texts.js";
import { element, put } from "./put.js";
import { nameClass } from "./classes.js";
import { newKey, startOutbox } from "./outbox.js";
import { fruitName, showClasses, showOpinion, showViews } from "./review_show.js";
import { startMarks } from "./review_marks.js";
import { startQueue } from "./review_queue.js";
import { startThemeButton } from "./theme_button.js";

const $ = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const answered = new Set(); // of this page, so that none comes again before the service knows
const done = []; // what can be taken back: { fruit, key, marks }
let fruit = null;
let chosen = null;
let outlines = localStorage.getItem("review-outlines") !== "off";
let mode = null;
const online = { sending: true, asking: true };

const marks = startMarks({ changed: showMarks });
const outbox = startOutbox({ language: data.language, person: data.person, sent, refused, changed: showOutbox, signedOut });
const queue = startQueue({
  language: data.language,
  lot: asked.get("lot"),
  skip: (id) => answered.has(id) || fruit?.lot_fruit_id === id || outbox.holds(id),
  changed: showQueue,
  signedOut,
});

function signedOut() {
  $("signed-out").hidden = false;
}

function sent(item, answer) {
  if (item.body.answer !== "undo") answered.add(item.fruit);
  else if (!outbox.holds(item.fruit)) answered.delete(item.fruit);
  if (outbox.count === 0) void queue.recount();
  if (fruit?.lot_fruit_id === item.fruit && item.body.answer === "undo") show(answer.fruit, marks.all);
  if (!answer.answer.blind) return;
  const machine = nameClass(answer.answer.machine_class);
  const person = answer.answer.person_class === null ? _("cannot tell") : nameClass(answer.answer.person_class);
  tellLast(_("Fruit {fruit}: you said {person}, the grader {machine}.", { fruit: answer.fruit.fruit, person, machine }));
}

function refused(item, error) {
  const box = element("div", "fault");
  box.setAttribute("role", "alert");
  const words = element("p", "", error?.code === "conflict"
    ? _("An answer was not taken: somebody was quicker. The other answer stands.")
    : _("An answer was not taken: it does not fit this fruit."));
  words.append(element("br"), element("span", "detail", error?.message ?? ""));
  const close = element("button", "secondary", _("Close"));
  close.type = "button";
  close.addEventListener("click", () => box.remove());
  box.append(words, close);
  $("problems").append(box);
  const place = done.findIndex((one) => one.key === item.body.key);
  if (place >= 0) done.splice(place, 1);
  showUndo();
}

function showOutbox(waiting, isOnline) {
  const shown = $("unsent");
  shown.hidden = waiting === 0 || isOnline;
  put(shown, _("{count} waiting to be sent", { count: number(waiting) }));
  online.sending = isOnline;
  showOffline();
}

function showOffline() {
  $("offline").hidden = online.sending && online.asking;
}

function showQueue() {
  const { asked: known } = queue.state;
  online.asking = queue.state.online;
  showCounts();
  showOffline();
  $("missed").hidden = queue.state.missed === 0;
  put($("missed"), _("Fruit stored without pictures: {count}. Is the disk full?", { count: number(queue.state.missed) }));
  if (fruit !== null) {
    prefetchOutlines();
    return;
  }
  const next = queue.shift();
  if (next) {
    show(next);
    return;
  }
  $("fruit").hidden = true;
  $("blank").hidden = false;
  const left = known ? queue.state.waiting[queue.state.kind] - outbox.count : 0;
  let [lead, more] = [_("Nothing to review"), _("Fruit the grader is in doubt of appear here by themselves.")];
  if (!online.asking) [lead, more] = [_("Waiting for the service"), ""];
  else if (!known) [lead, more] = [_("Loading"), ""];
  else if (left > 0) [lead, more] = [_("Others are looking at the last ones"), _("What they do not answer comes here within two minutes.")];
  put($("blank-lead"), lead);
  put($("blank-more"), more);
  showUndo();
}

function show(next, drawn = []) {
  fruit = next;
  chosen = null;
  $("blank").hidden = true;
  $("fruit").hidden = false;
  put($("fruit-name"), fruitName(fruit));
  $("note").value = "";
  marks.reset(drawn);
  useTool(null);
  drawViews();
  showOpinion($("opinion"), fruit);
  showChoice();
  showUndo();
}

function drawViews() {
  const shown = fruit;
  const told = $("no-picture");
  told.hidden = fruit.views.length > 0;
  put(told, _("No picture of this fruit was kept."));
  $("overlay").hidden = fruit.blind;
  $("overlay").setAttribute("aria-pressed", String(outlines));
  showViews($("views"), fruit, {
    picture: queue.picture,
    marks,
    outlines,
    stillShown: () => fruit === shown,
    told(words) {
      told.hidden = false;
      put(told, words);
    },
  });
  prefetchOutlines();
}

// Of the next fruit they are drawn meanwhile.
function prefetchOutlines() {
  if (outlines) for (const view of queue.state.fruits[0]?.views ?? []) void queue.picture(view.overlay_url);
}

function showChoice() {
  showClasses($("classes"), fruit, chosen, choose);
  const current = fruit.current?.class ?? null;
  const button = $("confirm");
  const none = current === null || current === "ungraded";
  let words = none ? _("Choose a class") : _("Confirm {class}", { class: nameOf(current) });
  if (chosen !== null && fruit.blind) words = _("Say {class}", { class: nameOf(chosen) });
  else if (chosen !== null && chosen !== current) words = _("Change to {class}", { class: nameOf(chosen) });
  button.disabled = chosen === null && none;
  const key = element("kbd", "", "Enter");
  key.setAttribute("aria-hidden", "true");
  button.replaceChildren(element("span", "", words), key);
}

function nameOf(gradeClass) {
  return fruit.classes.find((one) => one.class === gradeClass)?.name ?? nameClass(gradeClass);
}

function choose(gradeClass) {
  if (chosen === gradeClass) {
    confirm();
    return;
  }
  chosen = gradeClass;
  const held = document.activeElement?.dataset?.class;
  showChoice();
  if (held) [...$("classes").children].find((one) => one.dataset.class === held)?.focus();
}

function confirm() {
  if ($("confirm").disabled) return;
  const current = fruit.current?.class ?? null;
  const gradeClass = chosen ?? current;
  if (gradeClass === current) answer({ answer: "confirm" }, _("confirmed {class}", { class: nameOf(current) }));
  else answer({ answer: "change", class: gradeClass }, fruit.blind ? nameOf(gradeClass) : _("changed to {class}", { class: nameOf(gradeClass) }));
}

function answer(said, words) {
  const key = newKey();
  const body = { key, seen: fruit.corrections, lot: fruit.lot, note: $("note").value.trim(), marks: marks.all, ...said };
  answered.add(fruit.lot_fruit_id);
  done.push({ fruit, key, marks: marks.all, seen: fruit.corrections });
  while (done.length > 20) void queue.forget(done.shift().fruit);
  outbox.add(fruit.lot_fruit_id, body);
  tellLast(_("Fruit {fruit}: {answer}.", { fruit: fruit.fruit, answer: words }));
  count(fruit, -1);
  next();
}

function next() {
  fruit = null;
  const following = queue.shift();
  if (following) show(following);
  else showQueue();
  if (document.activeElement === document.body || document.activeElement?.closest("#classes, .verdict, #note")) $("fruit").focus({ preventScroll: true });
  void queue.refill(outbox.count);
}

function undo() {
  const last = done.pop();
  if (!last) return;
  if (fruit) queue.unshift(fruit);
  answered.delete(last.fruit.lot_fruit_id);
  count(last.fruit, 1);
  if (outbox.takeOut(last.key)) {
    show(last.fruit, last.marks);
  } else {
    outbox.add(last.fruit.lot_fruit_id, { key: newKey(), answer: "undo", seen: last.seen + 1, lot: last.fruit.lot });
    show({ ...last.fruit, corrections: last.seen + 2 }, last.marks);
  }
  tellLast(_("Fruit {fruit}: answer taken back.", { fruit: last.fruit.fruit }));
}

function count(which, step) {
  const { waiting } = queue.state;
  if (!waiting || which.kind === "other") return;
  waiting[which.kind] = Math.max(0, waiting[which.kind] + step);
  waiting.all = waiting.doubtful + waiting.audit;
  showCounts();
}

function showCounts() {
  const { waiting } = queue.state;
  if (waiting) for (const node of document.querySelectorAll(".count")) put(node, number(waiting[node.dataset.count]));
}

function tellLast(words) {
  $("last").hidden = false;
  put($("last"), words);
  put($("spoken"), words);
}

function showUndo() {
  $("undo").disabled = done.length === 0;
  $("blank-undo").hidden = done.length === 0;
}

function useTool(wanted) {
  mode = mode === wanted ? null : wanted;
  $("fruit").classList.toggle("is-drawing", mode !== null);
  $("draw").setAttribute("aria-pressed", String(mode === "draw"));
  $("erase").setAttribute("aria-pressed", String(mode === "erase"));
  $("mark-kind").closest("label").hidden = mode === "erase";
  setTool();
  showMarks();
}

function setTool() {
  marks.use(mode === null ? null : { mode, kind: $("mark-kind").value, width: Number($("mark-width").value) });
}

function showMarks() {
  const drawn = marks.all.length;
  $("drawing").hidden = mode === null && drawn === 0;
  $("mark-back").disabled = drawn === 0;
  const todo = mode === "erase" ? _("Paint over what is no defect.") : _("Paint over the defect.");
  put($("mark-told"), drawn === 0 ? todo : _("Marks that go with your answer: {count}", { count: number(drawn) }));
}

function toggleOutlines() {
  outlines = !outlines;
  localStorage.setItem("review-outlines", outlines ? "on" : "off");
  if (fruit && !fruit.blind) drawViews();
}

const KEYS = {
  Enter: confirm,
  " ": confirm,
  0: () => answer({ answer: "cannot_tell" }, _("cannot tell")),
  o: toggleOutlines,
  d: () => useTool("draw"),
  e: () => useTool("erase"),
  Backspace: () => marks.removeLast(),
  Escape() {
    if (mode !== null) useTool(null);
    else if (chosen !== null) {
      chosen = null;
      showChoice();
    }
  },
};

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if ($("help").open || target.closest("input, select, textarea")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isUndo = key === "u" || (key === "z" && (event.ctrlKey || event.metaKey));
  if (isUndo && !event.altKey && !event.repeat) {
    event.preventDefault();
    undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (key === "?") {
    $("help").showModal();
    return;
  }
  if (fruit === null || ((key === "Enter" || key === " ") && target.closest("button, a, summary"))) return;
  const digit = Number(key);
  if (digit >= 1 && digit <= fruit.classes.length) choose(fruit.classes[digit - 1].class);
  else if (KEYS[key]) KEYS[key]();
  else return;
  event.preventDefault();
});

for (const button of $("kinds").children) {
  button.addEventListener("click", () => {
    if (queue.state.kind === button.dataset.kind) return;
    for (const one of $("kinds").children) one.setAttribute("aria-pressed", String(one === button));
    fruit = null;
    void queue.choose(button.dataset.kind).then(() => $("fruit").focus({ preventScroll: true }));
  });
}
for (const kind of data.defect_kinds) {
  const option = element("option", "", name(kind));
  option.value = kind;
  $("mark-kind").append(option);
}
$("mark-kind").addEventListener("change", setTool);
$("mark-width").addEventListener("change", setTool);
$("confirm").addEventListener("click", confirm);
$("cannot-tell").addEventListener("click", () => KEYS[0]());
for (const id of ["undo", "blank-undo"]) $(id).addEventListener("click", undo);
$("overlay").addEventListener("click", toggleOutlines);
$("draw").addEventListener("click", () => useTool("draw"));
$("erase").addEventListener("click", () => useTool("erase"));
$("mark-back").addEventListener("click", () => marks.removeLast());
$("help-open").addEventListener("click", () => $("help").showModal());
startThemeButton();

async function start() {
  const wanted = asked.get("fruit");
  if (wanted) {
    const found = await fetch(`/api/v1/review/${encodeURIComponent(wanted)}?lang=${data.language}`).catch(() => null);
    if (found?.ok) show(await found.json());
  }
  await queue.refill(outbox.count);
}
void start();
