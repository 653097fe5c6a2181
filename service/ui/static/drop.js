// Pictures that are dropped anywhere on the page, or pasted.

export function takeDrops(onFiles) {
  const curtain = document.getElementById("dropping");
  let dragDepth = 0;
  addEventListener("dragenter", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    dragDepth += 1;
    curtain.hidden = false;
  });
  addEventListener("dragleave", () => {
    dragDepth = Math.max(0, dragDepth - 1);
    curtain.hidden = dragDepth === 0;
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    dragDepth = 0;
    curtain.hidden = true;
    onFiles(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => onFiles(event.clipboardData.files));
}
