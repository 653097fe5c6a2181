// Labels and trace work without this; it shows times as people write them and helps to choose cartons.
import { data } from "./texts.js";
import { startThemeButton } from "./theme_button.js";

const locale = data.language === "zh" ? "zh-CN" : "en-GB";

function showTimes() {
  for (const time of document.querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
  }
}

// One box chooses all cartons; nothing can be printed while none is chosen.
const cartons = document.getElementById("cartons");
if (cartons) {
  const all = document.getElementById("all");
  const print = document.getElementById("print");
  const boxes = [...cartons.querySelectorAll("input[name=code]:enabled")];
  const look = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    print.disabled = chosen === 0;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  };
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  cartons.addEventListener("change", look);
  look();
}

document.body.addEventListener("htmx:afterSettle", showTimes);
showTimes();
startThemeButton();
