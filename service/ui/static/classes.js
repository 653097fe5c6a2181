// The mark of a class: the colour it has in annotated pictures, and a shape of its own for rejects and ungraded fruit.
import { data } from "./texts.js";

export function markClass(element, gradeClass) {
  element.classList.add("class-mark");
  element.dataset.class = gradeClass;
  element.style.setProperty("--class-colour", data.class_colours[gradeClass] ?? data.class_colours.ungraded);
  return element;
}
