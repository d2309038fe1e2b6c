/** sparkline gives the points of lines, in the syntax of SVG: one for each run of known values, so that nothing is drawn over what is not known. */
export function sparkline(values: readonly (number | null)[], width: number, height: number): string[] {
  const known = values.filter((value) => value !== null);
  const most = Math.max(...known);
  const least = Math.min(...known, 0.8 * most); // a probe more or less of many is no cliff
  const x = (i: number) => (values.length > 1 ? (i * width) / (values.length - 1) : 0);
  const y = (value: number) => 1 + (most > least ? ((most - value) / (most - least)) * (height - 2) : 0);
  const lines: string[][] = [[]];
  values.forEach((value, i) => {
    if (value === null) lines.push([]);
    else lines.at(-1)?.push(`${x(i).toFixed(1)},${y(value).toFixed(1)}`);
  });
  return lines.filter((line) => line.length > 1).map((line) => line.join(" "));
}
