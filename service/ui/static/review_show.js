// Shows one fruit: its views, what the machine says, the classes to choose from.
import { _, number, percent, when } from "./texts.js";
import { markClass } from "./classes.js";
import { defects, facts, why } from "./cards.js";
import { element } from "./put.js";

const GONE = _("This picture is gone: its time was over.");

// outlines: whether to show them. Gives nothing; pictures come as they are there. stillShown(): whether it is this fruit.
export function showViews(root, fruit, { picture, marks, outlines, stillShown, told }) {
  root.dataset.count = fruit.views.length;
  root.replaceChildren(...fruit.views.map((view) => {
    const item = element("li", "");
    const frame = element("div", "view");
    item.append(frame);
    if (view.url === null) {
      frame.append(element("p", "gone", GONE));
      return item;
    }
    void showView(frame, view, fruit.views.length, { picture, marks, outlines, stillShown, told });
    return item;
  }));
}

async function showView(frame, view, count, { picture, marks, outlines, stillShown, told }) {
  const plain = await picture(view.url);
  if (!stillShown()) return;
  if (plain === null) {
    frame.replaceChildren(element("p", "gone", GONE));
    return;
  }
  const image = new Image();
  image.alt = _("View {number} of {count}, camera {camera}", { number: view.position + 1, count, camera: view.camera });
  image.src = plain;
  await image.decode().catch(() => {});
  if (!stillShown()) return;
  frame.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
  frame.replaceChildren(image, marks.canvas(view.position, image.naturalWidth, image.naturalHeight));
  if (!outlines || view.overlay_url === null) return;
  const marked = await picture(view.overlay_url);
  if (!stillShown()) return;
  if (marked === null) told(_("Outlines cannot be drawn now: grading comes first."));
  else image.src = marked;
}

export function showOpinion(root, fruit) {
  if (fruit.blind) {
    root.replaceChildren(
      element("h2", "", _("Audit: judge it yourself")),
      element("p", "note", _("What the grader said is shown after your answer.")),
    );
    return;
  }
  const { current, record } = fruit;
  const says = element("p", "says");
  says.append(
    markClass(element("span", "chip"), current.class),
    element("strong", "", current.name),
    element("span", "note", _("Confidence {share}", { share: percent(current.confidence) })),
  );
  const goes = element("p", "goes");
  goes.append(element("code", "", current.sku));
  if (current.size_code) goes.append(element("span", "", _("size {code}", { code: current.size_code })));
  const more = element("details", "");
  more.append(element("summary", "", _("All measures")), facts(record), defects(record));
  root.replaceChildren(element("h2", "", fruit.corrections > 0 ? _("Decided by now") : _("The grader says")), says, why(record), goes, more);
  if (fruit.answers.length > 0) root.append(history(fruit));
}

function history(fruit) {
  const list = element("ul", "answers");
  for (const answer of fruit.answers) list.append(element("li", "note", `${when(answer.at)} · ${answer.who} · ${said(answer)}`));
  return list;
}

function said({ answer, person_class: given }) {
  const words = { confirm: _("confirmed"), change: _("changed"), cannot_tell: _("could not tell"), undo: _("took it back") };
  return given === null ? words[answer] : `${words[answer]}: ${given}`;
}

export function showClasses(root, fruit, chosen, onChoose) {
  root.replaceChildren(...fruit.classes.map((one, index) => {
    const button = element("button", "secondary");
    button.type = "button";
    button.dataset.class = one.class;
    button.setAttribute("aria-pressed", String(one.class === chosen));
    const key = element("kbd", "", number(index + 1));
    key.setAttribute("aria-hidden", "true");
    button.append(markClass(element("span", "chip"), one.class), element("span", "", one.name), key);
    button.addEventListener("click", () => onChoose(one.class));
    return button;
  }));
}

export function fruitName(fruit) {
  return _("Fruit {fruit}, lot {lot}, lane {lane}", { fruit: fruit.fruit, lot: fruit.lot, lane: fruit.lane });
}
