// The list of lines, read again every two seconds.
import { _, data, number } from "./texts.js";
import { element, fill, mark, put } from "./put.js";
import { startThemeButton } from "./theme_button.js";

const $ = (id) => document.getElementById(id);
const EVERY_MS = 2000;
const COUNTS = [["triggers", _("Fruit")], ["graded", _("Graded")], ["abstained", _("No class")], ["no_read", _("Not seen")], ["late", _("Late")]];

function make() {
  const item = element("li", "");
  const link = element("a", "line-link");
  const counts = element("dl", "counts");
  for (const [, words] of COUNTS) {
    const row = element("div", "");
    row.append(element("dt", "", words), element("dd", ""));
    counts.append(row);
  }
  link.append(element("strong", "line-name"), element("span", "rate"), element("span", "small-print"), counts);
  item.append(link);
  return item;
}

function update(item, line) {
  const link = item.firstChild;
  const [title, rate, about, counts] = link.children;
  const path = `/lines/${encodeURIComponent(line.line)}`;
  if (link.getAttribute("href") !== path) link.href = path;
  put(title, line.line);
  put(rate, _("{count} a minute", { count: number(Math.round(line.fruit_per_minute)) }));
  const served = line.lanes.filter((lane) => lane.client !== null).length;
  const all = line.lanes.filter((lane) => lane.lane !== null).length;
  const lanes = _("{count} of {all} lanes connected", { count: served, all });
  put(about, [lanes, line.model ?? _("no model yet")].join(" · "));
  COUNTS.forEach(([key], index) => {
    const count = line.lanes.reduce((sum, lane) => sum + lane[key], 0);
    put(counts.children[index].lastChild, number(count));
    mark(counts.children[index], "level", key === "late" && count > 0 ? "bad" : null);
  });
}

async function refresh() {
  let problem = null;
  try {
    const answer = await fetch("/api/v1/lines");
    if (answer.status === 401) location.reload(); // to the sign-in, and back
    const { lines } = await answer.json();
    fill($("lines"), lines, make, update);
    if (!data.configured) $("blank").hidden = lines.length > 0;
  } catch {
    problem = _("The grader does not answer");
  }
  $("banner").hidden = problem === null;
  put($("banner"), problem ?? "");
  mark($("status"), "state", problem ? "failed" : "ready");
  put($("status-text"), problem ? _("Connecting again") : _("Live"));
  setTimeout(refresh, EVERY_MS);
}

put($("blank-address"), `ws://${location.host}/api/v1/lines/NAME/frames`);
startThemeButton();
void refresh();
