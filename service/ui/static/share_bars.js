// Two bars: the classes of the last fruit, and of those before them.
import { _, name, number, percent } from "./texts.js";
import { markClass, nameClass, sortClasses } from "./classes.js";
import { element, fill, put } from "./put.js";

export function shareBars() {
  const box = element("div", "shares");
  const recent = bar();
  const before = bar();
  const legend = element("ul", "legend");
  box.append(recent.box, before.box, legend);
  return {
    box,
    show(lane) {
      const marks = sortClasses(new Set([...Object.keys(lane.recent), ...Object.keys(lane.before)]));
      const sums = [lane.recent, lane.before].map((counts) => Object.values(counts).reduce((sum, count) => sum + count, 0));
      draw(recent, _("Last {count}", { count: number(sums[0]) }), lane.recent, marks, sums[0]);
      draw(before, _("{count} before", { count: number(sums[1]) }), lane.before, marks, sums[1]);
      const wait = lane.fruit_until_drift;
      before.parts.hidden = wait > 0;
      if (wait > 0) put(before.title, _("Compared after {count} more fruit", { count: number(wait) }));
      fill(legend, marks, legendItem, (item, mark) => {
        markClass(item.firstChild, mark);
        put(item.children[1], nameClass(mark));
        put(item.children[2], sums[0] ? percent((lane.recent[mark] ?? 0) / sums[0]) : "–");
      });
    },
  };
}

function bar() {
  const box = element("div", "share");
  const title = element("span", "share-title");
  const parts = element("span", "parts");
  parts.setAttribute("role", "img");
  box.append(title, parts);
  return { box, title, parts };
}

function draw({ title, parts }, words, counts, marks, sum) {
  put(title, words);
  fill(parts, marks, () => element("span", "part"), (part, mark) => {
    markClass(part, mark);
    const width = `${sum ? (100 * (counts[mark] ?? 0)) / sum : 0}%`;
    if (part.style.width !== width) part.style.width = width;
  });
  const said = marks.filter((mark) => counts[mark]).map((mark) => `${nameClass(mark)} ${percent(counts[mark] / sum)}`);
  const label = `${words}: ${said.join(", ") || name("no_fruit")}`;
  if (parts.getAttribute("aria-label") !== label) parts.setAttribute("aria-label", label);
}

function legendItem() {
  const item = element("li", "");
  item.append(element("span", "chip"), element("span", ""), element("strong", ""));
  return item;
}
