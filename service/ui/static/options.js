// The grading options: read from the form, kept for the next visit.
import { data } from "./texts.js";

const form = document.getElementById("option-form");
const KEY = "grading-options";

export function startOptions(onChange) {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  form.crop.value = kept.crop ?? "auto";
  if (!form.crop.value) form.crop.value = "auto"; // a crop that is not there any more
  fillStandards();
  form.standard.value = kept.standard ?? "";
  if (form.standard.selectedIndex < 0) form.standard.value = "";
  form.variety.value = kept.variety ?? "";
  form.mm_per_px.value = kept.mm_per_px ?? "";
  fillVarieties();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    if (event.target.name === "crop") fillStandards();
    fillVarieties();
    localStorage.setItem(KEY, JSON.stringify({ ...readOptions(), one_fruit: undefined }));
    showSummary();
    onChange();
  });
  showSummary();
}

export function readOptions() {
  const options = { crop: form.crop.value };
  if (form.standard.value) options.standard = form.standard.value;
  if (form.variety.value.trim()) options.variety = form.variety.value.trim();
  if (form.mm_per_px.value) options.mm_per_px = form.mm_per_px.value;
  if (form.one_fruit.checked) options.one_fruit = "true";
  return options;
}

export function setScale(mmPerPx) {
  form.mm_per_px.value = mmPerPx.toPrecision(4);
  form.mm_per_px.dispatchEvent(new Event("change", { bubbles: true }));
}

function usableStandards() {
  const crop = form.crop.value;
  const fits = (one) => (crop === "auto" ? data.network_crops.includes(one.crop) : one.crop === crop);
  return data.standards.filter((one) => one.status === "enabled" && fits(one));
}

function fillStandards() {
  const chosen = form.standard.value;
  while (form.standard.options.length > 1) form.standard.remove(1);
  for (const standard of usableStandards()) form.standard.add(new Option(standard.title, standard.standard_id));
  form.standard.value = chosen;
  if (form.standard.selectedIndex < 0) form.standard.value = "";
}

function fillVarieties() {
  const chosen = form.standard.value;
  const from = usableStandards().filter((one) => (chosen ? one.standard_id === chosen : one.default_for_crop));
  const names = [...new Set(from.flatMap((one) => one.varieties))].sort((a, b) => a.localeCompare(b));
  document.getElementById("varieties").replaceChildren(...names.map((text) => new Option(text, text)));
}

function showSummary() {
  const { crop, standard, variety, mm_per_px: scale } = readOptions();
  const label = form.querySelector(`input[value="${crop}"] + span`).textContent;
  const title = data.standards.find((one) => one.standard_id === standard)?.title;
  const words = [label, title, variety, scale && `${scale} mm/px`].filter(Boolean).join(" · ");
  document.getElementById("options-summary").textContent = words;
}
