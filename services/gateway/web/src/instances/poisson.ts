const logFactorials = [0];

function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push((logFactorials[i - 1] ?? 0) + Math.log(i));
  return logFactorials[n] ?? 0;
}

/**
 * poissonScore is −log₁₀ of the probability that at least k of something happen where mean are expected: how surprising k are. It is exact far out in the tail, where
 * the probability itself is too small for a number.
 */
export function poissonScore(k: number, mean: number): number {
  if (k <= 0) return 0;
  if (mean <= 0) return Infinity;
  if (k <= mean) return -Math.log10(1 - below(k, mean));
  let term = 1;
  let sum = 1;
  for (let i = k + 1; term > sum * Number.EPSILON; i++) {
    term *= mean / i;
    sum += term;
  }
  return -(k * Math.log(mean) - mean - logFactorial(k) + Math.log(sum)) / Math.LN10;
}

/** below is the probability of less than k. */
function below(k: number, mean: number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) sum += Math.exp(i * Math.log(mean) - mean - logFactorial(i));
  return Math.min(1, sum);
}
