// The lamp in the header: can the service grade now?
import { _ } from "./texts.js";
import { get } from "./api.js";
import { keepCoverage } from "./coverage.js";

export async function watchModel() {
  const status = document.getElementById("status");
  let state = "failed";
  let words = _("The grader does not answer");
  try {
    const models = await get("/api/v1/models");
    keepCoverage(models.models);
    const loading = !models.ready && models.loading;
    state = models.ready ? "ready" : loading ? "loading" : "failed";
    words = { ready: _("Ready"), loading: _("Loading the model"), failed: _("Cannot grade") }[state];
    status.title = models.problem ?? models.models.find((model) => model.in_use)?.model_id ?? "";
  } catch {
    // the words above say it
  }
  status.dataset.state = state;
  document.getElementById("status-text").textContent = words;
  setTimeout(watchModel, state === "loading" ? 1000 : 15000);
}
