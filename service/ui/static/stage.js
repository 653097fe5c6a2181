// The picture with one clickable frame per fruit.
import { _, name } from "./texts.js";
import { markClass } from "./classes.js";

export function showPicture(root, picture, fruits, { marks, onSelect }) {
  root.replaceChildren();
  const image = document.createElement("img");
  image.src = marks && picture.overlay_url ? picture.overlay_url : picture.url;
  image.alt = _("Picture {name} with {count} fruits", { name: picture.frame, count: fruits.length });
  image.width = picture.width_px;
  image.height = picture.height_px;
  root.append(image);
  root.classList.toggle("single", fruits.length === 1);
  root.style.setProperty("--ratio", picture.width_px / picture.height_px);
  fruits.forEach(({ fruit, index }) => {
    const [x0, y0, x1, y1] = fruit.box_xyxy_px;
    const spot = document.createElement("button");
    spot.type = "button";
    spot.className = "spot";
    spot.dataset.fruit = index;
    spot.style.left = `${(100 * x0) / picture.width_px}%`;
    spot.style.top = `${(100 * y0) / picture.height_px}%`;
    spot.style.width = `${(100 * (x1 - x0)) / picture.width_px}%`;
    spot.style.height = `${(100 * (y1 - y0)) / picture.height_px}%`;
    spot.setAttribute("aria-label", _("Fruit {number}: {crop}, {class}", {
      number: fruit.fruit_index + 1, crop: name(fruit.crop), class: fruit.texts.class,
    }));
    if (!(marks && picture.overlay_url)) spot.append(badge(fruit));
    spot.addEventListener("click", () => onSelect(index));
    root.append(spot);
  });
}

// A picture that is still being graded: its shape is known once the browser has read it.
export function previewPicture(root, url) {
  const image = document.createElement("img");
  image.alt = "";
  image.className = "preview";
  image.addEventListener("load", () => root.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight));
  image.src = url;
  root.replaceChildren(image);
}

function badge(fruit) {
  const number = document.createElement("span");
  number.className = "number";
  number.textContent = fruit.fruit_index + 1;
  return markClass(number, fruit.grade.class);
}

export function markSelected(root, index) {
  for (const spot of root.querySelectorAll(".spot")) {
    spot.setAttribute("aria-pressed", String(Number(spot.dataset.fruit) === index));
  }
}
