// Wires the page: pictures in, results out. One list of entries; the chosen one is on the stage.
import { _, data, clock, name, number } from "./texts.js";
import { get, grade, Problem } from "./api.js";
import { cameraAllowed, takePicture } from "./camera.js";
import { fruitCard, markSelected as markCard } from "./cards.js";
import { takeDrops } from "./drop.js";
import { readOptions, setScale, startOptions } from "./options.js";
import { startRuler } from "./ruler.js";
import { watchModel } from "./status.js";
import { showStrip } from "./strip.js";
import { startThemeButton } from "./theme_button.js";
import { markSelected as markSpot, previewPicture, showPicture } from "./stage.js";

const $ = (id) => document.getElementById(id);
const KEPT = "gradings";
const MOST_KEPT = 24;

// An entry: {key, title, files, grading, sample, problem, progress, thumb, options, view, known}
// options: as they stood when it was graded. known: what a sample is known to be (scale, one fruit); options of the form go first.
const entries = [];
let current = null;
let chosenFruit = 0;
let marks = true;
let working = Promise.resolve();
let stopRuler = () => {};

// ---- pictures in

function addFiles(files) {
  const pictures = [...files].filter((file) => file.type.startsWith("image/") || !file.type);
  if (pictures.length === 0) {
    if (files.length > 0) showProblem(new Problem("unsupported_media_type", files[0].name));
    return;
  }
  const groups = readOptions().one_fruit ? [pictures] : pictures.map((file) => [file]);
  const added = groups.map((group) => ({
    key: newKey(),
    title: group[0].name,
    files: group,
    thumb: URL.createObjectURL(group[0]),
    waiting: true,
    view: 0,
  }));
  entries.unshift(...added);
  added.forEach((entry, index) => enqueue(entry, index, added.length));
  open(added[0]);
}

let keyCount = 0;
function newKey() {
  keyCount += 1;
  return `new-${keyCount}`;
}

function enqueue(entry, index = 0, total = 1) {
  Object.assign(entry, { waiting: true, problem: null, progress: 0, turn: [index + 1, total] });
  working = working.then(() => run(entry));
}

async function run(entry) {
  entry.options = readOptions();
  const query = { ...entry.known, ...entry.options };
  try {
    entry.grading = await grade(entry.files, query, (share) => {
      entry.progress = share;
      if (entry === current) showProgress();
    });
    keepList();
  } catch (problem) {
    entry.problem = problem instanceof Problem ? problem : new Problem("internal_error", String(problem));
  }
  entry.waiting = false;
  if (entry === current || !current) open(entry);
  else drawStrip();
}

async function gradeAgain() {
  const pictures = current.grading.pictures;
  const files = current.files ?? (await Promise.all(pictures.map(async (picture) => {
    const blob = await (await fetch(picture.url)).blob();
    return new File([blob], picture.frame, { type: blob.type });
  })));
  const entry = { key: newKey(), title: current.title, files, view: 0, known: current.known };
  entry.thumb = current.thumb ?? pictures[0].url;
  entries.unshift(entry);
  enqueue(entry);
  open(entry);
}

// ---- results out

function open(entry) {
  stopRuler();
  current = entry;
  chosenFruit = 0;
  draw();
}

function draw() {
  const grading = current?.grading;
  const picture = grading?.pictures[current.view];
  $("empty").hidden = Boolean(current);
  const preview = !picture && current?.waiting ? current.thumb : null;
  $("picture").hidden = !(picture || preview) || Boolean(current.problem);
  $("picture-name").textContent = current?.title ?? _("No picture yet");
  $("sample-tag").hidden = !current?.sample;
  $("picture-meta").textContent = grading ? meta(grading, picture) : "";
  $("marks").hidden = !picture?.overlay_url;
  $("marks").setAttribute("aria-pressed", String(marks));
  $("again").hidden = !grading || !optionsDiffer();
  $("measure").disabled = !picture;
  const views = grading?.pictures.length ?? 1;
  $("views").hidden = views < 2;
  $("view-number").textContent = `${(current?.view ?? 0) + 1} / ${views}`;
  showProgress();
  showProblem(current?.problem);
  const fruits = grading?.fruits ?? [];
  $("cards").replaceChildren(...fruits.map((fruit, index) => fruitCard(fruit, index, select)));
  $("tally").textContent = grading ? tally(grading) : "";
  if (picture) {
    const here = fruits.map((fruit, index) => ({ fruit, index })).filter(({ fruit }) => fruit.frame === picture.frame);
    showPicture($("picture"), picture, here, { marks, onSelect: select });
  }
  if (preview) previewPicture($("picture"), preview);
  markChosen();
  drawStrip();
}

function meta(grading, picture) {
  const parts = [`${picture.width_px} × ${picture.height_px} px`];
  if (!current.sample) parts.push(clock(grading.graded_at));
  parts.push(`${number(grading.duration_ms)} ms`);
  return parts.join(" · ");
}

function tally(grading) {
  if (grading.fruits.length === 0) {
    const notes = grading.notes.map(name).join(", ") || name("no_fruit");
    return _("No fruit was judged: {notes}. Use a plain background, good light, and keep the whole fruit in the picture.", { notes });
  }
  const counts = new Map();
  for (const fruit of grading.fruits) counts.set(fruit.texts.class, (counts.get(fruit.texts.class) ?? 0) + 1);
  return [...counts].map(([title, count]) => `${title}: ${count}`).join(" · ");
}

function select(index) {
  const fruits = current?.grading?.fruits ?? [];
  if (fruits.length === 0) return;
  chosenFruit = Math.min(Math.max(index, 0), fruits.length - 1);
  const view = current.grading.pictures.findIndex((picture) => picture.frame === fruits[chosenFruit].frame);
  if (view >= 0 && view !== current.view) {
    current.view = view;
    draw();
  }
  markChosen();
  $(`fruit-${chosenFruit}`)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function markChosen() {
  markSpot($("picture"), chosenFruit);
  markCard($("cards"), chosenFruit);
}

function showProgress() {
  const busy = Boolean(current?.waiting);
  $("progress").hidden = !busy;
  if (!busy) return;
  const [turn, total] = current.turn;
  const sent = current.progress >= 1;
  const words = sent ? _("Grading") : _("Sending");
  $("progress-text").textContent = total > 1 ? `${words} ${turn} / ${total}` : words;
  if (sent) $("progress-bar").removeAttribute("value");
  else $("progress-bar").value = current.progress ?? 0;
}

function showProblem(problem) {
  $("problem").hidden = !problem;
  if (!problem) return;
  $("problem-title").textContent = problem.title;
  $("problem-todo").textContent = problem.todo;
  $("problem-detail").textContent = problem.message;
  $("problem-retry").hidden = !current?.problem;
}

function optionsDiffer() {
  return JSON.stringify(readOptions()) !== JSON.stringify(current.options ?? {});
}

// ---- the strip of pictures

function drawStrip() {
  showStrip($("strip"), entries, current, open);
}

function stepView(by) {
  const count = current.grading.pictures.length;
  current.view = (current.view + by + count) % count;
  draw();
}

function step(by) {
  const index = entries.indexOf(current) + by;
  if (index >= 0 && index < entries.length) open(entries[index]);
}

// ---- kept results, samples, state of the model

function keepList() {
  const ids = entries.map((entry) => entry.grading?.grading_id).filter(Boolean);
  sessionStorage.setItem(KEPT, JSON.stringify(ids.slice(0, MOST_KEPT)));
}

async function loadKept() {
  const ids = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  const found = await Promise.allSettled(ids.map((id) => get(`/api/v1/gradings/${id}?lang=${data.language}`)));
  for (const { value: grading } of found) {
    if (grading) entries.push({ key: `kept-${grading.grading_id}`, title: grading.pictures[0].frame, grading, options: usedOptions(grading), view: 0 });
  }
}

function usedOptions({ options }) {
  const used = { crop: options.crop };
  for (const key of ["standard", "variety", "mm_per_px"]) if (options[key] != null) used[key] = String(options[key]);
  if (options.one_fruit) used.one_fruit = "true";
  return used;
}

async function loadSamples() {
  const answer = await get(`/api/v1/samples?lang=${data.language}`);
  $("no-samples").hidden = answer.samples.length > 0;
  for (const sample of answer.samples) {
    const known = entries.find((entry) => entry.key === `sample-${sample.name}`);
    const problem = sample.problem ? new Problem("invalid_image", sample.problem) : null;
    const fresh = { title: sample.title, grading: sample.grading, thumb: sample.url, sample: true, problem };
    fresh.known = sample.grading ? usedOptions(sample.grading) : {};
    if (known) Object.assign(known, fresh);
    else entries.push({ key: `sample-${sample.name}`, view: 0, options: readOptions(), ...fresh });
  }
  if (!current) {
    const first = entries.find((entry) => entry.grading);
    if (first) open(first);
  }
  drawStrip();
  if (answer.pending) setTimeout(loadSamples, 700);
}

// ---- hands

$("choose").addEventListener("click", () => $("files").click());
$("take").addEventListener("click", async () => {
  if (!cameraAllowed()) {
    $("camera-file").click();
    return;
  }
  try {
    const file = await takePicture();
    if (file) addFiles([file]);
  } catch {
    $("camera-file").click();
  }
});
for (const id of ["files", "camera-file"]) {
  $(id).addEventListener("change", () => {
    addFiles($(id).files);
    $(id).value = "";
  });
}
$("again").addEventListener("click", gradeAgain);
$("problem-retry").addEventListener("click", () => {
  enqueue(current);
  draw();
});
$("marks").addEventListener("click", toggleMarks);
$("view-back").addEventListener("click", () => stepView(-1));
$("view-on").addEventListener("click", () => stepView(1));
$("measure").addEventListener("click", () => {
  const picture = current?.grading?.pictures[current.view];
  if (picture) {
    stopRuler();
    stopRuler = startRuler($("picture"), picture, setScale);
  }
});
$("help-open").addEventListener("click", () => $("help").showModal());
startThemeButton();

function toggleMarks() {
  marks = !marks;
  draw();
}

takeDrops(addFiles);

const keys = {
  "?": () => $("help").showModal(),
  m: toggleMarks,
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  ArrowUp: () => select(chosenFruit - 1),
  ArrowDown: () => select(chosenFruit + 1),
  Enter: () => $("files").click(),
};
addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, select, textarea, dialog, summary");
  const onButton = event.key === "Enter" && event.target.closest("button, a");
  const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || busy || onButton || event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  event.preventDefault();
  action();
});

if (matchMedia("(max-width: 1099px)").matches) $("options").open = false;
startOptions(() => draw());
draw();
watchModel();
await loadKept();
drawStrip();
await loadSamples();
