import type { Volume } from "../api/types.ts";
import { share, type Extent } from "./extent.ts";

/** A bucket of the timeline; `left` and `width` are shares of its extent, `height` of the highest bucket. */
export interface Bar {
  from: number; // Unix seconds
  to: number;
  left: number;
  width: number;
  height: number;
  count: number;
  low: number | null;
  high: number | null;
}

/** The buckets that the log has something of. */
export function barsOf(volume: Volume, extent: Extent): Bar[] {
  const most = Math.max(1, ...volume.buckets.map((count) => count ?? 0));
  return volume.buckets.flatMap((count, index) => {
    if (count === null) return [];
    const from = volume.from + index * volume.step;
    const to = Math.min(from + volume.step, volume.to);
    const left = share(from, extent);
    const low = volume.low?.[index] ?? null;
    return [{ from, to, left, width: share(to, extent) - left, height: count / most, count, low, high: volume.high?.[index] ?? null }];
  });
}

/** Where the log has nothing: runs of `null`, as shares of the extent. */
export function absences(volume: Volume, extent: Extent): { left: number; width: number }[] {
  const runs: { left: number; width: number }[] = [];
  for (const [index, count] of volume.buckets.entries()) {
    if (count !== null) continue;
    const left = share(volume.from + index * volume.step, extent);
    const right = share(volume.from + (index + 1) * volume.step, extent);
    const last = runs.at(-1);
    if (last && volume.buckets[index - 1] === null) last.width = right - last.left;
    else runs.push({ left, width: right - left });
  }
  return runs;
}

const number = new Intl.NumberFormat("en");

/** What the timeline shows, in one sentence; `what` is counted. */
export function volumeWords(volume: Volume, what = "this measurement's results"): string {
  const read = `${number.format(volume.read.records)} records read`;
  const of = volume.of === "measurement" ? what : "all results in the measurement's partition, of which this measurement has a part";
  const quality = { exact: "exact", sampled: `estimated ±${errorOf(volume)} %`, partition: "by the log's offsets" }[volume.quality];
  const left = volume.omitted.length > 0 ? `; without ${volume.omitted.map(({ topic }) => topic).join(", ")}, too long to be read` : "";
  return `${number.format(total(volume))} records: ${of}, ${quality} (${read})${left}`;
}

export function total(volume: Volume): number {
  return Math.round(volume.buckets.reduce<number>((sum, count) => sum + (count ?? 0), 0));
}

/** Half the width of the intervals, in per cent of the total. */
function errorOf({ buckets, low, high }: Volume): number {
  let sum = 0;
  let width = 0;
  for (const [index, count] of buckets.entries()) {
    sum += count ?? 0;
    width += ((high?.[index] ?? 0) - (low?.[index] ?? 0)) / 2;
  }
  return sum > 0 ? Math.round((100 * width) / sum) : 100;
}

/** Until when nothing comes from that time on, to the volume's knowledge: the beginning of the next bucket with records. Only exact figures know. */
export function quietUntil(volume: Volume, time: number): number | undefined {
  if (volume.quality !== "exact" || volume.omitted.length > 0) return undefined;
  const current = Math.floor((time - volume.from) / volume.step);
  if (current < 0 || volume.buckets[current] !== 0) return undefined;
  const next = volume.buckets.findIndex((count, index) => index > current && count !== 0);
  return next < 0 ? volume.to : volume.from + next * volume.step;
}
