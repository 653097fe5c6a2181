// The cameras of a line: are they there, do they send, how bright, how sharp.
import { _, number } from "./texts.js";
import { faultOf, inWords, kindOf, linkOf, refusals } from "./own_camera.js";
import { element, fill, mark, put } from "./put.js";

const STATES = { sending: _("sends"), silent: _("silent"), idle: _("idle"), never: _("not seen yet") };

// earlier: the state some seconds ago.
export function showCameras(root, state, earlier) {
  fill(root, state.cameras, make, (item, camera) => {
    const { own } = camera;
    const [title, link, facts] = item.children;
    mark(item, "state", own && (own.link !== "open" || camera.state !== "silent") ? own.link : camera.state);
    put(title.firstChild, camera.name);
    put(title.lastChild, own ? kindOf(own) : "");
    const flow = camera.age_s === null ? STATES[camera.state] : `${STATES[camera.state]} · ${age(camera.age_s)}`;
    put(link.lastChild, own ? linkOf(own) : flow);
    const told = own ? ownFacts(camera, rate(camera, state, earlier)) : [];
    const look = [];
    if (camera.brightness !== null) look.push(_("brightness {value}", { value: number(camera.brightness) }) + arrow(camera.brightness_drift));
    if (camera.edge_px !== null) look.push(_("edges {value} px", { value: number(camera.edge_px, 1) }) + arrow(camera.edge_drift));
    if (look.length > 0) told.push(look.join(" · "));
    fill(facts, told, () => element("p", "small-print"), put);
  });
}

function ownFacts(camera, perSecond) {
  const { own } = camera;
  const told = [];
  if (own.link !== "open" && own.fault) told.push(faultOf(own));
  if (own.link === "open" && perSecond !== null) told.push(pictures(perSecond));
  told.push(camera.age_s === null ? _("no fruit seen yet") : _("last fruit seen {age}", { age: age(camera.age_s) }));
  const refused = refusals(own);
  if (refused.length > 0) told.push(_("not used: {frames}", { frames: inWords(refused) }));
  if (own.reconnects > 0) told.push(_("reconnected: {count}", { count: number(own.reconnects) }));
  if (own.link === "open" && own.fault) told.push(_("last fault: {fault}", { fault: faultOf(own) }));
  return told;
}

// Pictures a second that the camera gave, whatever became of them; null before two states.
function rate(camera, state, earlier) {
  const before = earlier?.cameras.find(({ name }) => name === camera.name)?.own;
  const seconds = earlier ? (new Date(state.at) - new Date(earlier.at)) / 1000 : 0;
  return before && seconds > 0 ? (camera.own.frames - before.frames) / seconds : null;
}

function pictures(perSecond) {
  if (perSecond === 0) return _("no pictures now");
  return _("{count} pictures a second", { count: number(perSecond, perSecond < 9.95 ? 1 : 0) });
}

function make() {
  const item = element("li", "");
  const title = element("div", "camera-title");
  title.append(element("strong", ""), element("span", "small-print"));
  const state = element("span", "camera-state");
  const lamp = element("span", "lamp");
  lamp.setAttribute("aria-hidden", "true");
  state.append(lamp, element("span", ""));
  item.append(title, state, element("div", "facts"));
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
