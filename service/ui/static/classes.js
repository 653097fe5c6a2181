// The mark of a class: the colour it has in annotated pictures, and a shape of its own for rejects and ungraded fruit.
import { _, data } from "./texts.js";

const NOT_GRADED = { abstained: _("No class"), no_read: _("Not seen") };
const LAST = ["reject", "ungraded", "abstained", "no_read"];

export function markClass(element, gradeClass) {
  element.classList.add("class-mark");
  if (element.dataset.class === gradeClass) return element;
  element.dataset.class = gradeClass;
  element.style.setProperty("--class-colour", data.class_colours[gradeClass] ?? data.class_colours.ungraded);
  return element;
}

export function nameClass(gradeClass) {
  return NOT_GRADED[gradeClass] ?? data.class_names?.[gradeClass] ?? gradeClass;
}

// Best first, as far as names tell; rejects and fruit without a class last.
export function sortClasses(marks) {
  const place = (mark) => (mark === "extra" ? -1 : LAST.indexOf(mark) + (LAST.includes(mark) ? 1 : 0));
  return [...marks].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}
