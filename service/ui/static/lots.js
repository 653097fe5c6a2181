// The pages of lots work without this: it shows times as people write them, also in parts that htmx brings.
import { data } from "./texts.js";
import { startThemeButton } from "./theme_button.js";

const locale = data.language === "zh" ? "zh-CN" : "en-GB";

function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const style = time.dataset.only === "time" ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    time.textContent = at.toLocaleString(locale, style);
  }
}

showTimes(document);
document.addEventListener("htmx:load", (event) => showTimes(event.detail.elt.parentElement ?? document));
document.getElementById("print")?.addEventListener("click", () => window.print());
startThemeButton();
