/** The pages show times in one zone at once: UTC, or that of the viewer's machine. */
export type Zone = "UTC" | "local";

const two = (value: number) => String(value).padStart(2, "0");

/** Whether Date can hold it. What comes from the stream may be any number. */
export function isTime(seconds: unknown): seconds is number {
  return typeof seconds === "number" && Number.isFinite(seconds) && Math.abs(seconds) <= 8.64e12;
}

/** 2015-03-27T00:08Z: as short as it can be without losing a millisecond, for links. */
export function toISO(seconds: number): string {
  const full = new Date(Math.round(seconds * 1000)).toISOString();
  return full.replace(/:00\.000Z$/, "Z").replace(/\.000Z$/, "Z");
}

/** 2015-03-27 */
export function formatDate(seconds: number, zone: Zone): string {
  const date = new Date(seconds * 1000);
  if (zone === "UTC") return date.toISOString().replace(/T.*/, "");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** 00:08:23, or 00:08:23.250 with milliseconds */
export function formatClock(seconds: number, zone: Zone, milliseconds = false): string {
  const date = new Date(Math.floor(seconds * 1000));
  const [hours, minutes, rest] =
    zone === "UTC"
      ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
      : [date.getHours(), date.getMinutes(), date.getSeconds()];
  const fraction = milliseconds ? `.${String(date.getUTCMilliseconds()).padStart(3, "0")}` : "";
  return `${two(hours)}:${two(minutes)}:${two(rest)}${fraction}`;
}

/** 2015-03-27 00:08:23 */
export function formatTime(seconds: number, zone: Zone): string {
  return `${formatDate(seconds, zone)} ${formatClock(seconds, zone)}`;
}

/** 00:08:23, with its date where that is another one than now's. */
export function formatNear(seconds: number, now: number, zone: Zone): string {
  return formatDate(seconds, zone) === formatDate(now, zone) ? formatClock(seconds, zone) : formatTime(seconds, zone);
}

/** UTC, or +05:30: the viewer's zone has another one in winter than in summer, so it belongs to a time. */
export function zoneName(seconds: number, zone: Zone): string {
  if (zone === "UTC") return "UTC";
  const minutes = -new Date(seconds * 1000).getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const steps: readonly (readonly [unit: string, seconds: number])[] = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

/** 4 s, 3 min, 2 h 5 min, 6 d 4 h: two units at most, as nobody wants to know more. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const first = steps.findIndex(([, size]) => whole >= size);
  if (first < 0) return "0 s";
  const [unit, size] = steps[first] ?? ["s", 1];
  const [smaller, part] = steps[first + 1] ?? ["s", 1];
  const count = Math.floor(whole / size);
  const rest = Math.floor((whole % size) / part);
  return rest > 0 && first < 3 && count < 10 ? `${count} ${unit} ${rest} ${smaller}` : `${count} ${unit}`;
}

/** 3 min ago, in 4 s */
export function formatAgo(seconds: number, now: number): string {
  const distance = now - seconds;
  return distance >= 0 ? `${formatDuration(distance)} ago` : `in ${formatDuration(-distance)}`;
}
