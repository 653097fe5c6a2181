// The editor of rules: a slider and its number are one value; what was touched last says whether form or text counts.
import { startThemeButton } from "./theme_button.js";

startThemeButton();

const source = document.getElementById("source");
const trouble = document.getElementById("trouble");

document.addEventListener("input", (event) => {
  const touched = event.target;
  const dial = touched.closest(".dial");
  if (dial) {
    const [number, range] = [dial.querySelector("[type=number]"), dial.querySelector("[type=range]")];
    if (touched === range) number.value = range.value;
    else range.value = number.value;
  }
  if (source && touched.closest("#fields")) source.value = "form";
  if (source && touched.tagName === "TEXTAREA") source.value = "text";
}, true);

function tell(failed) {
  if (trouble) trouble.hidden = !failed;
}
document.addEventListener("htmx:responseError", () => tell(true));
document.addEventListener("htmx:sendError", () => tell(true));
document.addEventListener("htmx:afterOnLoad", (event) => tell(event.detail.failed));
