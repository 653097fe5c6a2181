// Marks that a person draws on the views: strokes of a brush, in pixels of the view as it was taken.
const COLOURS = { draw: "rgb(255 59 48 / 0.65)", erase: "rgb(64 200 255 / 0.6)" };
const LEAST_STEP = 0.25; // of the brush

export function startMarks({ changed }) {
  let marks = [];
  let tool = null; // { mode: "draw" | "erase", kind, width }
  const canvases = new Map();

  function paint(position) {
    const canvas = canvases.get(position);
    if (!canvas) return;
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    for (const mark of marks) {
      if (mark.view !== position) continue;
      pen.strokeStyle = mark.erase ? COLOURS.erase : COLOURS.draw;
      pen.lineWidth = mark.width_px;
      pen.lineCap = pen.lineJoin = "round";
      pen.beginPath();
      mark.points.forEach(([x, y], index) => (index === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
      if (mark.points.length === 1) pen.lineTo(mark.points[0][0] + 0.01, mark.points[0][1]);
      pen.stroke();
    }
  }

  function follow(canvas, position) {
    let mark = null;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * canvas.width;
      const y = ((event.clientY - box.top) / box.height) * canvas.height;
      return [Math.round(Math.min(Math.max(x, 0), canvas.width) * 10) / 10, Math.round(Math.min(Math.max(y, 0), canvas.height) * 10) / 10];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (!tool || !event.isPrimary || event.button !== 0 || marks.length >= 40) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      const width = Math.round(Math.max(2, tool.width * canvas.width) * 10) / 10;
      mark = { view: position, kind: tool.mode === "erase" ? null : tool.kind, erase: tool.mode === "erase", shape: "brush", points: [at(event)], width_px: width };
      marks.push(mark);
      paint(position);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!mark || mark.points.length >= 2000) return;
      const point = at(event);
      const [x, y] = mark.points.at(-1);
      if (Math.hypot(point[0] - x, point[1] - y) < LEAST_STEP * mark.width_px) return;
      mark.points.push(point);
      paint(position);
    });
    const end = () => {
      if (mark) changed();
      mark = null;
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
  }

  return {
    // The canvas over a view; its size is that of the picture.
    canvas(position, width, height) {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      canvas.setAttribute("aria-hidden", "true");
      canvases.set(position, canvas);
      follow(canvas, position);
      paint(position);
      return canvas;
    },
    use(wanted) {
      tool = wanted;
    },
    get all() {
      return marks;
    },
    removeLast() {
      const mark = marks.pop();
      if (mark) paint(mark.view);
      changed();
    },
    reset(given = []) {
      marks = [...given];
      canvases.clear();
      changed();
    },
  };
}
