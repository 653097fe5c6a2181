// Finds the scale: two taps on a known length in the picture, and how long it is.
import { _ } from "./texts.js";

const panel = document.getElementById("ruler");
const text = document.getElementById("ruler-text");
const lengthInput = document.getElementById("ruler-mm");

export function startRuler(root, picture, onScale) {
  const points = [];
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", `0 0 ${picture.width_px} ${picture.height_px}`);
  drawing.setAttribute("class", "ruler-lines");
  root.append(drawing);
  panel.hidden = false;
  lengthInput.disabled = true;
  lengthInput.value = "";
  text.textContent = _("Tap one end of a known length in the picture, at the height of the middle of the fruit.");

  function stop() {
    drawing.remove();
    panel.hidden = true;
    panel.onsubmit = null;
  }

  drawing.addEventListener("click", (event) => {
    const frame = drawing.getBoundingClientRect();
    const scale = picture.width_px / frame.width;
    if (points.length === 2) points.length = 0;
    points.push([(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale]);
    draw(drawing, points, 7 * scale);
    if (points.length === 1) text.textContent = _("Now tap the other end.");
    lengthInput.disabled = points.length < 2;
    if (points.length === 2) {
      text.textContent = _("How long is this line?");
      lengthInput.focus();
    }
  });
  panel.onsubmit = (event) => {
    event.preventDefault();
    const [[x0, y0], [x1, y1]] = points;
    const lengthPx = Math.hypot(x1 - x0, y1 - y0);
    if (lengthPx < 1) return;
    onScale(Number(lengthInput.value) / lengthPx);
    stop();
  };
  document.getElementById("ruler-cancel").onclick = stop;
  return stop;
}

function draw(drawing, points, radius) {
  const shapes = points.map(([x, y]) => shape("circle", { cx: x, cy: y, r: radius }));
  if (points.length === 2) {
    const [[x1, y1], [x2, y2]] = points;
    shapes.unshift(shape("line", { x1, y1, x2, y2 }));
  }
  drawing.replaceChildren(...shapes);
}

function shape(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
