// The account pages work without this: it shows times as people write them, copies secrets, changes light and dark.
import { _, data } from "./texts.js";
import { startThemeButton } from "./theme_button.js";

const locale = data.language === "zh" ? "zh-CN" : "en-GB";

for (const time of document.querySelectorAll("time")) {
  time.textContent = new Date(time.dateTime).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

const copy = document.getElementById("copy");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("secret").textContent);
    copy.textContent = _("Copied");
  });
}

startThemeButton();
