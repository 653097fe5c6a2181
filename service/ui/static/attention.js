// What needs a look, from the state of a line. Pure: the same state gives the same notes.
import { _, number, percent } from "./texts.js";
import { sum } from "./lane_card.js";
import { ownCameraNotes } from "./own_camera.js";

const OFTEN = 0.05; // fruit without a class
const MANY_REFUSED = 0.01; // of the frames of the last minute
const ENOUGH = 20; // fruit before a share says anything

// The worst first. past: the state of a minute ago, or the first one seen. Gives {notes: [{level, text}], levels: {lane: {count: level}}}.
export function whatNeedsALook(state, past) {
  const notes = [];
  const bad = (text) => notes.push({ level: "bad", text });
  const warn = (text) => notes.push({ level: "warn", text });

  if (state.ready_workers < state.workers) {
    bad(_("Only {ready} of {count} grading processes run", { ready: state.ready_workers, count: state.workers }));
  }
  if (state.restarts > past.restarts) bad(_("A grading process died and was started again"));
  if (state.encoder_stuck) bad(_("Fruit pass, but the encoder stands still"));
  for (const camera of state.cameras) {
    const silent = camera.state === "silent";
    if (camera.own) {
      const before = past.cameras.find(({ name }) => name === camera.name)?.own ?? camera.own;
      const about = { silent, passing: state.fruit_per_minute > 0 };
      for (const [level, text] of ownCameraNotes(camera.name, camera.own, before, about)) notes.push({ level, text });
    } else if (silent) bad(_("Camera {name} sends nothing", { name: camera.name }));
    if (camera.brightness_drift?.found) {
      warn(_("Camera {name} is brighter or darker than before: {before} → {recent}", change(camera.name, camera.brightness_drift, 0)));
    }
    if (camera.edge_drift?.found) {
      warn(_("Camera {name} is sharper or more blurred than before: edges {before} → {recent} px", change(camera.name, camera.edge_drift, 1)));
    }
  }
  if (state.bad_messages > past.bad_messages) warn(_("A client sends messages that cannot be read"));
  if (state.strange_frames > past.strange_frames) warn(_("Frames come for a lane that this line does not have"));

  const levels = {};
  for (const lane of state.lanes) {
    const before = past.lanes.find((one) => one.counts.lane === lane.counts.lane) ?? lane;
    levels[lane.counts.lane] = laneNotes(lane, before, { bad, warn });
  }
  return { notes: [...notes.filter(({ level }) => level === "bad"), ...notes.filter(({ level }) => level !== "bad")], levels };
}

function laneNotes(lane, past, { bad, warn }) {
  const { counts } = lane;
  const at = { lane: counts.lane };
  const levels = {};
  const fruit = sum(lane.recent);
  if (lane.recent_late > 0) {
    levels.late = "bad";
    bad(_("Lane {lane}: {count} of the last {fruit} fruit were too late", { ...at, count: number(lane.recent_late), fruit: number(fruit) }));
  }
  for (const key of ["abstained", "no_read"]) {
    const share = fruit ? (lane.recent[key] ?? 0) / fruit : 0;
    if (fruit < ENOUGH || share < OFTEN) continue;
    levels[key] = "warn";
    const told = { ...at, share: percent(share) };
    warn(key === "abstained" ? _("Lane {lane}: {share} of the fruit get no class", told) : _("Lane {lane}: {share} of the fruit are not seen", told));
  }
  if (counts.undelivered > past.counts.undelivered) {
    levels.undelivered = "bad";
    bad(_("Lane {lane}: decisions reach nobody", at));
  }
  const refused = sum(counts.refused) - sum(past.counts.refused);
  if (refused > 0 && refused >= MANY_REFUSED * (counts.frames - past.counts.frames)) {
    levels.refused = "warn";
    warn(_("Lane {lane}: {count} frames were refused in the last minute", { ...at, count: number(refused) }));
  }
  if (counts.problems.length > 0) bad(_("Lane {lane}: the counts do not add up", at));
  const drifts = {
    classes: () => _("Lane {lane}: the share of the classes has changed", at),
    diameter_mm: (drift) => _("Lane {lane}: size has changed, {before} → {recent} mm", { ...at, ...change("", drift, 1) }),
    blush_fraction: (drift) => _("Lane {lane}: red colour has changed, {before} → {recent}", { ...at, before: percent(drift.before), recent: percent(drift.recent) }),
    lightness: (drift) => _("Lane {lane}: lightness of the skin has changed, {before} → {recent}", { ...at, ...change("", drift, 0) }),
  };
  for (const [measure, drift] of Object.entries(lane.drift)) if (drift.found) warn(drifts[measure](drift));
  return levels;
}

function change(name, drift, digits) {
  return { name, before: number(drift.before, digits), recent: number(drift.recent, digits) };
}
