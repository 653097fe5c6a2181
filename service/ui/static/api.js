// Talks to the service. Every failure becomes a `Problem` with words for people.
import { _, data, number } from "./texts.js";

const BUSY_RETRIES = 5;

export class Problem extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
    [this.title, this.todo] = words(code);
  }
}

function words(code) {
  const limit = number(data.max_upload_bytes / 1e6);
  const known = {
    offline: [_("The grader does not answer"), _("Check that the program is still running and the network cable or Wi-Fi is connected, then try again.")],
    invalid_image: [_("This picture cannot be read"), _("Use a JPEG or PNG picture. If it opens in no other program either, take it again.")],
    no_picture: [_("There is no picture in this upload"), _("Choose one or more pictures and try again.")],
    unsupported_media_type: [_("This is not a picture"), _("Use a JPEG or PNG picture.")],
    upload_too_large: [_("This picture is too large"), _("The limit is {limit} MB. Save it smaller, or take it with a lower resolution.", { limit })],
    upload_timeout: [_("The upload took too long"), _("Move closer to the Wi-Fi, or use smaller pictures, then try again.")],
    busy: [_("The grader is busy"), _("Other pictures are being graded. Wait a moment and try again.")],
    model_not_ready: [_("The model is not ready"), _("It is still loading, or could not be loaded. Wait half a minute; if this stays, call the person who looks after this computer.")],
    model_unavailable: [_("The model cannot be used"), _("Call the person who looks after this computer.")],
    invalid_standard: [_("This standard cannot be used"), _("Choose another standard, or clear the variety, in the grading options.")],
    invalid_sku_table: [_("The SKU table cannot be used"), _("Call the person who looks after this computer.")],
    invalid_parameter: [_("An option has a wrong value"), _("Check the grading options and try again.")],
    storage_full: [_("The disk is full"), _("Nothing was stored. Free some disk space on the computer, then try again.")],
    storage_unavailable: [_("Results cannot be stored"), _("Call the person who looks after this computer. Nothing was graded.")],
    not_signed_in: [_("You are signed out"), _("Load this page again and sign in.")],
    not_allowed: [_("Your role may not do this"), _("Ask an admin for another role.")],
    not_found: [_("This result is no longer there"), _("Grade the picture again.")],
  };
  return known[code] ?? [_("Something went wrong"), _("Try again. If this stays, call the person who looks after this computer.")];
}

export async function get(path) {
  let answer;
  try {
    answer = await fetch(path);
  } catch (error) {
    throw new Problem("offline", String(error));
  }
  return readAnswer(answer.status, await answer.text());
}

export async function grade(files, query, onProgress) {
  const path = `/api/v1/grade?${new URLSearchParams({ ...query, overlay: "true", lang: data.language })}`;
  const form = new FormData();
  let size = 0;
  for (const file of files) {
    form.append("file", file, file.name || "picture.jpg");
    size += file.size;
  }
  if (size > data.max_upload_bytes) throw new Problem("upload_too_large", `${size} > ${data.max_upload_bytes}`);
  for (let tries = 1; ; tries += 1) {
    const request = await send(path, form, onProgress);
    const retryAfter = Number(request.getResponseHeader("Retry-After"));
    if (request.status !== 503 || !retryAfter || tries > BUSY_RETRIES) {
      return readAnswer(request.status, request.responseText);
    }
    await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
  }
}

function send(path, form, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(new Problem("offline", path)));
    request.send(form);
  });
}

function readAnswer(status, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Problem("internal_error", `HTTP ${status}`);
  }
  if (status >= 400) throw new Problem(body.error?.code, body.error?.message ?? `HTTP ${status}`);
  return body;
}
