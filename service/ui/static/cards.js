// One card per fruit: class and why, size, colour, defects, SKU.
import { _, data, name, number, percent } from "./texts.js";
import { markClass } from "./classes.js";
import { coverageOf } from "./coverage.js";

export function fruitCard(fruit, index, onSelect) {
  const card = element("li", "card");
  card.dataset.fruit = index;
  card.id = `fruit-${index}`;
  const head = element("button", "card-head");
  head.type = "button";
  head.append(
    markClass(element("span", "number", fruit.fruit_index + 1), fruit.grade.class),
    element("strong", "class-name", fruit.texts.class),
    element("span", "crop", [name(fruit.crop), fruit.variety].filter(Boolean).join(" · ")),
    element("span", "sure", _("Confidence {share}", { share: percent(fruit.grade.confidence) })),
  );
  if (fruit.grade.review) head.append(element("span", "tag review", _("check by hand")));
  head.addEventListener("click", () => onSelect(index));
  card.append(head, why(fruit), facts(fruit), defects(fruit), foot(fruit));
  return card;
}

export function markSelected(root, index) {
  for (const card of root.children) {
    const chosen = Number(card.dataset.fruit) === index;
    card.classList.toggle("chosen", chosen);
    card.querySelector(".card-head").setAttribute("aria-expanded", String(chosen));
  }
}

export function why(fruit) {
  const box = element("div", "why");
  const { reasons, unverified, class_set: set } = fruit.texts;
  if (set.length > 1) box.append(element("p", "class-set", trueClass(set.join(" / "), coverageOf(fruit.model_id))));
  if (reasons.length > 0) box.append(element("h3", "", _("Why")), lines(reasons));
  else box.append(element("p", "", _("Nothing seen stands against the best class.")));
  if (unverified.length > 0) {
    const more = element("details", "unverified");
    more.append(element("summary", "", _("Not verified by the camera: {count}", { count: unverified.length })), lines(unverified));
    box.append(more);
  }
  return box;
}

function trueClass(classes, coverage) {
  if (coverage === null) return _("True class, probably: {classes}", { classes });
  return _("True class, for {share} of fruit: {classes}", { share: percent(coverage), classes });
}

function lines(texts) {
  const list = element("ul", "");
  for (const text of texts) list.append(element("li", "", text));
  return list;
}

export function facts(fruit) {
  const list = element("dl", "facts");
  const { size, colour, netting } = fruit;
  if (size.equatorial_diameter_mm) fact(list, _("Diameter"), interval(size.equatorial_diameter_mm, 1, "mm"));
  else fact(list, _("Diameter"), [strong(`${number(size.diameter_px)} px`), range(_("no scale"))]);
  if (size.ring_diameter_mm) fact(list, _("Ring size"), interval(size.ring_diameter_mm, 1, "mm"));
  if (size.length_mm) fact(list, _("Length"), interval(size.length_mm, 1, "mm"));
  if (size.weight_g) fact(list, _("Weight, estimated"), interval(size.weight_g, 0, "g"));
  if (colour && fruit.crop === "apple") fact(list, _("Red colour"), blush(colour));
  if (colour?.ground_lab) fact(list, _("Ground colour"), [swatch(colour.ground_lab), strong(lab(colour.ground_lab))]);
  if (netting) fact(list, _("Netting"), [strong(percent(netting.cover_fraction))]);
  fact(list, _("Skin seen"), [strong(percent(fruit.surface_seen_fraction)), range(fruit.view_count === 1 ? _("in one view") : _("in {count} views", { count: fruit.view_count }))]);
  return list;
}

function blush(colour) {
  const bar = element("span", "blush");
  const good = element("span", "good");
  const light = element("span", "light");
  good.style.width = `${colour.blush_fraction * 100}%`;
  light.style.width = `${colour.light_red_fraction * 100}%`;
  bar.append(good, light);
  const words = [strong(percent(colour.blush_fraction)), bar];
  if (colour.blush_interval) words[0].title = `${percent(colour.blush_interval.low)}–${percent(colour.blush_interval.high)}`;
  if (colour.light_red_fraction >= 0.005) words.push(range(_("and {share} light red", { share: percent(colour.light_red_fraction) })));
  return words;
}

export function defects(fruit) {
  const box = element("div", "defects");
  box.append(element("h3", "", _("Defects")));
  if (fruit.defects.length === 0) {
    box.append(element("p", "", _("None seen.")));
    return box;
  }
  const table = element("table", "");
  const body = element("tbody", "");
  for (const defect of fruit.defects) {
    const row = element("tr", "");
    row.append(element("th", "", name(defect.kind)));
    row.firstChild.scope = "row";
    row.append(
      element("td", "", defect.area_mm2 === null ? "–" : `${number(defect.area_mm2)} mm²`),
      element("td", "", percent(defect.area_fraction)),
      element("td", "", defect.length_mm === null ? "–" : `${number(defect.length_mm)} mm`),
    );
    body.append(row);
  }
  const head = element("thead", "");
  const titles = element("tr", "");
  for (const title of [_("Kind"), _("Area"), _("Of skin"), _("Length")]) {
    titles.append(element("th", "", title));
    titles.lastChild.scope = "col";
  }
  head.append(titles);
  table.append(head, body);
  box.append(table);
  return box;
}

function foot(fruit) {
  const box = element("div", "foot");
  const sku = element("p", "sku");
  sku.append(element("span", "label", _("SKU")), element("code", "", fruit.sku.code), element("span", "label", _("Outlet")), element("span", "", name(fruit.sku.outlet)));
  box.append(sku);
  if (fruit.quality_flags.length > 0) {
    const flags = element("ul", "flags");
    for (const flag of fruit.quality_flags) flags.append(element("li", "", name(flag)));
    box.append(flags);
  }
  const source = element("p", "source", `${fruit.texts.standard} · ${fruit.model_id}`);
  if (fruit.fruit_id !== null) {
    const record = element("a", "", _("Record {number}", { number: fruit.fruit_id }));
    record.href = `/api/v1/fruits/${fruit.fruit_id}?lang=${data.language}`;
    source.append(" · ", record);
  }
  box.append(source);
  return box;
}

function fact(list, title, content) {
  const row = element("div", "");
  const value = element("dd", "");
  value.append(...content);
  row.append(element("dt", "", title), value);
  list.append(row);
}

function interval(measured, digits, unit) {
  const reach = `${number(measured.low, digits)}–${number(measured.high, digits)}`;
  const words = range(reach);
  words.title = _("The true value lies in this range with 95 % confidence");
  return [strong(`${number(measured.value, digits)} ${unit}`), words];
}

function strong(text) {
  return element("strong", "", text);
}

function range(text) {
  return element("span", "range", text);
}

function lab(values) {
  return values.map((value) => number(value)).join(" / ");
}

function swatch([lightness, a, b]) {
  const spot = element("span", "swatch");
  spot.style.backgroundColor = `lab(${lightness} ${a} ${b})`;
  spot.title = "CIELAB L* a* b*";
  return spot;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
