// The strip of pictures under the stage: one thumbnail per entry, a mark per fruit, samples last.
import { _ } from "./texts.js";
import { markClass } from "./classes.js";

export function showStrip(root, entries, current, onOpen) {
  const items = entries.map((entry) => stripItem(entry, entry === current, onOpen));
  const firstSample = entries.findIndex((entry) => entry.sample);
  if (firstSample >= 0) {
    const divider = document.createElement("li");
    divider.className = "divider";
    divider.textContent = _("Samples");
    items.splice(firstSample, 0, divider);
  }
  root.replaceChildren(...items);
}

function stripItem(entry, isCurrent, onOpen) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "thumb";
  if (isCurrent) button.setAttribute("aria-current", "true");
  const image = document.createElement("img");
  image.src = entry.grading?.pictures[0].url ?? entry.thumb;
  image.alt = "";
  image.loading = "lazy";
  image.addEventListener("error", () => image.classList.add("unreadable"));
  const label = document.createElement("span");
  label.className = "thumb-name";
  const views = entry.grading?.pictures.length ?? 1;
  label.textContent = views > 1 ? `${entry.title} × ${views}` : entry.title;
  const chips = document.createElement("span");
  chips.className = "chips";
  for (const fruit of entry.grading?.fruits ?? []) {
    const chip = document.createElement("span");
    chip.className = "chip";
    chip.title = fruit.texts.class;
    chips.append(markClass(chip, fruit.grade.class));
  }
  button.append(image, label, chips);
  button.classList.toggle("waiting", Boolean(entry.waiting));
  button.classList.toggle("failed", Boolean(entry.problem));
  button.addEventListener("click", () => onOpen(entry));
  item.append(button);
  return item;
}
