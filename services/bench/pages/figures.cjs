/** What is measured, as the report has it: `most` is the bar, if there is one. */
exports.figure = (name, got, unit, most) => {
  if (!Number.isFinite(got)) throw new Error(`${name}: got ${got}, as nothing was measured`);
  return { Name: name, Got: got, Unit: unit, ...(most !== undefined && { Most: most }) };
};

/** The least of the values that `share` of them do not exceed; undefined of none. */
exports.percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)];
