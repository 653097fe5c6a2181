// For what share of fruit the classes that a model names hold the true one, as measured on its card.
const shares = new Map();

export function keepCoverage(models) {
  for (const model of models) shares.set(model.model_id, model.coverage);
}

// 0-1; null for a model that is not installed any more or whose confidence was not measured.
export function coverageOf(modelId) {
  return shares.get(modelId) ?? null;
}
