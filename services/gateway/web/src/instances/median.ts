/** median of numbers in any order; NaN of none. */
export function median(numbers: Iterable<number>): number {
  return sortedMedian(Float64Array.from(numbers).sort());
}

/** sortedMedian is the median of numbers in ascending order. */
export function sortedMedian(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[half] ?? NaN;
  return ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2;
}
