// A camera that the service opens itself, in words. Pure.
import { _, number, when } from "./texts.js";

const KINDS = { rtsp: _("network camera"), usb: _("USB camera"), folder: _("folder"), video: _("video file") };
const FAULTS = {
  does_not_open: _("it does not open"),
  no_frame: _("no picture comes"),
  not_decoded: _("its pictures cannot be decoded"),
  no_folder: _("its folder cannot be read"),
};
const CHECKS = { rtsp: _("check its power, cable and address"), usb: _("check its cable") };
// Why frames are not used. Those of an empty belt (`no_fruit_there`) are as they should be.
const REFUSED = {
  stale: (count) => _("{count} too old", { count }),
  no_encoder: (count) => _("{count} without encoder count", { count }),
  wrong_size: (count) => _("{count} of the wrong size", { count }),
  bad_picture: (count) => _("{count} damaged", { count }),
  unknown_name: (count) => _("{count} with an unknown file name", { count }),
};
const MANY_REFUSED = 0.01; // of its frames of the last minute

export const kindOf = (own) => KINDS[own.kind];
export const faultOf = (own) => FAULTS[own.fault];

export function linkOf(own) {
  const time = when(own.since);
  if (own.link === "open") return _("open since {time}", { time });
  if (own.link === "gone") return _("gone since {time}", { time });
  return own.link === "reconnecting" ? _("stopped at {time}, reconnecting", { time }) : _("being opened");
}

// [[reason, count]] of the frames not used. before: counts to begin from.
export function refusals(own, before = {}) {
  return Object.keys(REFUSED)
    .map((reason) => [reason, (own.refused[reason] ?? 0) - (before[reason] ?? 0)])
    .filter(([, count]) => count > 0);
}

export function inWords(refused) {
  return refused.map(([reason, count]) => REFUSED[reason](number(count))).join(" · ");
}

// What needs a look, as [level, text]. past: the same camera a minute ago. silent: fruit pass, and no frame of it comes
// to the line. passing: fruit pass; without them nobody has to say where the belt is.
export function ownCameraNotes(name, own, past, { silent, passing }) {
  if (own.link === "gone" || own.link === "reconnecting") {
    const check = own.fault === "not_decoded" ? undefined : CHECKS[own.kind];
    const fault = check ? `${faultOf(own)} (${check})` : faultOf(own);
    const told = { name, fault, time: when(own.since) };
    return [["bad", own.link === "gone" ? _("Camera {name} has been gone since {time}: {fault}", told) : _("Camera {name} stopped at {time}: {fault}", told)]];
  }
  const notes = [];
  if (own.link === "open" && silent) notes.push(["bad", _("Camera {name} is open, but none of its frames shows a fruit", { name })]);
  const back = own.reconnects - past.reconnects;
  if (back > 0) notes.push(["warn", _("Camera {name} was lost and is back; in the last minute: {count}", { name, count: number(back) })]);
  const refused = refusals(own, past.refused).filter(([reason]) => passing || reason !== "no_encoder");
  const count = refused.reduce((total, [, one]) => total + one, 0);
  if (count > 0 && count >= MANY_REFUSED * (own.frames - past.frames)) {
    notes.push(["warn", _("Camera {name}, frames not used in the last minute: {frames}", { name, frames: inWords(refused) })]);
  }
  return notes;
}
