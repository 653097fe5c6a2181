// The camera of a tablet or computer, where the browser allows it; a phone's own camera otherwise.

const dialog = document.getElementById("camera");
const view = document.getElementById("camera-view");

export function cameraAllowed() {
  return Boolean(navigator.mediaDevices?.getUserMedia) && !matchMedia("(pointer: coarse)").matches;
}

export async function takePicture() {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
  });
  view.srcObject = stream;
  dialog.showModal();
  await view.play();
  try {
    return await new Promise((resolve) => {
      document.getElementById("camera-shoot").onclick = () => resolve(shoot());
      document.getElementById("camera-close").onclick = () => resolve(null);
      dialog.onclose = () => resolve(null);
    });
  } finally {
    for (const track of stream.getTracks()) track.stop();
    view.srcObject = null;
    dialog.close();
  }
}

async function shoot() {
  const canvas = document.createElement("canvas");
  canvas.width = view.videoWidth;
  canvas.height = view.videoHeight;
  canvas.getContext("2d").drawImage(view, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
  return new File([blob], `camera-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.jpg`, { type: "image/jpeg" });
}
