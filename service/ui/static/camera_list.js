// The cameras of a line: do they send, how bright, how sharp.
import { _, number } from "./texts.js";
import { element, fill, mark, put } from "./put.js";

const STATES = { sending: _("sends"), silent: _("silent"), idle: _("idle"), never: _("not seen yet") };

export function showCameras(root, cameras) {
  fill(root, cameras, make, (item, camera) => {
    const [title, state, facts] = item.children;
    mark(item, "state", camera.state);
    put(title, camera.name);
    put(state.lastChild, camera.age_s === null ? STATES[camera.state] : `${STATES[camera.state]} · ${age(camera.age_s)}`);
    const told = [];
    if (camera.brightness !== null) told.push(_("brightness {value}", { value: number(camera.brightness) }) + arrow(camera.brightness_drift));
    if (camera.edge_px !== null) told.push(_("edges {value} px", { value: number(camera.edge_px, 1) }) + arrow(camera.edge_drift));
    put(facts, told.join(" · "));
  });
}

function make() {
  const item = element("li", "");
  const state = element("span", "camera-state");
  const lamp = element("span", "lamp");
  lamp.setAttribute("aria-hidden", "true");
  state.append(lamp, element("span", ""));
  item.append(element("strong", ""), state, element("span", "small-print"));
  return item;
}

function age(age_s) {
  if (age_s < 10) return _("{count} s ago", { count: number(age_s, 1) });
  if (age_s < 600) return _("{count} s ago", { count: number(Math.round(age_s)) });
  return _("{count} min ago", { count: number(Math.round(age_s / 60)) });
}

// Up or down only when it is told of.
function arrow(drift) {
  if (!drift?.found) return "";
  return drift.recent > drift.before ? " ↑" : " ↓";
}
