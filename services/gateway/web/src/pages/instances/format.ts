const whole = new Intl.NumberFormat("en");
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const shares = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

/** 1,251 */
export const count = (number: number): string => whole.format(number);

/** 39.3, or – where there is none */
export const ms = (number: number): string => (Number.isFinite(number) ? tenth.format(number) : "–");

/** 8,970, or – where it is not known */
export const km = (number: number): string => (Number.isFinite(number) ? whole.format(Math.round(number)) : "–");

/** 0.4 %, or – of nothing */
export const percent = (part: number, all: number): string => (all > 0 ? shares.format(part / all) : "–");

/** +27, −41, or nothing */
export function change(number: number): string {
  if (number === 0) return "";
  return number > 0 ? `+${whole.format(number)}` : `−${whole.format(-number)}`;
}
