// Words and numbers in the language of the page. `_("English text")` marks a text for translation.

export const data = JSON.parse(document.getElementById("data").textContent);

export function _(text, values = {}) {
  const found = data.texts[text] ?? text;
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const names = {
  apple: _("Apple"), melon: _("Melon"),
  bruise: _("bruise"), rot: _("rot"), scab: _("scab"), russet: _("russet"), scald: _("scald"),
  sunburn: _("sunburn"), puncture: _("puncture"), crack: _("crack"), scar: _("scar"), insect: _("insect damage"),
  spots: _("spots"), sooty: _("sooty blotch"), other: _("other defect"),
  stem_cavity: _("stem cavity"), calyx_basin: _("calyx basin"),
  cull: _("cull"), recirculate: _("recirculate"), manual: _("by hand"), juice: _("juice"),
  pack_premium: _("packing line, premium"), pack_first: _("packing line, first"), pack_second: _("packing line, second"),
  no_scale: _("no scale: sizes in mm are not known"),
  size_doubtful: _("the size is doubtful"), crop_doubtful: _("the kind of fruit is doubtful"),
  crop_unknown_to_network: _("the network does not know this kind of fruit"),
  defect_doubtful: _("a defect is doubtful"), seen_too_little: _("too little of the skin is seen"),
  axis_end_on: _("seen from the stem or the calyx end"), reduced_size: _("picture was read at a reduced size"),
  touches_edge: _("cut off by the edge of the picture"),
  touches_fruit: _("touches another fruit"),
  views_disagree_on_size: _("the views disagree on the size"),
  views_disagree_on_crop: _("the views disagree on the kind of fruit"),
  views_disagree_on_defect: _("the views disagree on a defect"),
  cameras_not_joined: _("not known how the cameras stand to each other"),
  defect_seen_once: _("a defect seen in one view only was not counted"),
  no_fruit: _("no fruit found"),
  no_colour: _("grey picture: colour cannot be judged"),
  black_frame: _("the picture is black"),
  clipped_frame: _("the picture is overexposed"),
  underexposed: _("too dark"),
  clipped: _("overexposed in places"),
  blurred: _("blurred"),
  transparent: _("the picture has transparent parts"),
  first_frame_only: _("only the first picture of the file was used"),
  converted_profile: _("colours were converted from another colour space"),
  bad_colour_profile: _("damaged colour profile ignored"),
  no_view: _("no frame of it could be used"),
  ungraded: _("it could not be judged"),
  too_few_views: _("seen in too few views"),
  no_route: _("this line has no such outlet"),
  overload: _("more fruit than can be graded in time"),
  worker_lost: _("its picture stopped two grading processes"),
  failed: _("a fault of the program"),
  late: _("decided too late"),
  lane_full: _("too many undecided fruit in the lane"),
  encoder_reset: _("the encoder was reset"),
  line_stopped: _("the service ended"),
};

export function name(word) {
  return names[word] ?? String(word).replaceAll("_", " ");
}

const locale = data.language === "zh" ? "zh-CN" : "en-GB";

export function number(value, digits = 0) {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(fraction) {
  if (fraction > 0 && fraction < 0.0005) return `<${number(0.1, 1)} %`;
  const digits = fraction > 0 && fraction < 0.0995 ? 1 : 0;
  return `${number(fraction * 100, digits)} %`;
}

export function clock(iso) {
  return new Date(iso).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
}

// The time of day; with the date when that is not today.
export function when(iso) {
  const then = new Date(iso);
  if (then.toDateString() === new Date().toDateString()) return clock(iso);
  return then.toLocaleString(locale, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

export function seconds(iso) {
  return new Date(iso).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
