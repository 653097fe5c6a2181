// Labels and trace work without this: it shows times as people write them, and a box that chooses all cartons.
import { data } from "./texts.js";
import { startThemeButton } from "./theme_button.js";

const locale = data.language === "zh" ? "zh-CN" : "en-GB";

function showTimes() {
  for (const time of document.querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
  }
}

const all = document.getElementById("all");
if (all) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll("#cartons input[name=code]:enabled")) box.checked = all.checked;
  });
}

document.body.addEventListener("htmx:afterSettle", showTimes);
showTimes();
startThemeButton();
