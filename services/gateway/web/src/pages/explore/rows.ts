import type { Letter } from "../../frame/letters.ts";

/** A record as the table has it. What it was made of stays as text, of which the details are read when they are looked at. */
export interface ResultRow {
  is: "result";
  number: number;
  letter: Letter;
  time: number | undefined; // Unix seconds, of the event
  probe: string;
  where: string;
  target: string;
  text: string;
  bad: boolean;
  json: string;
}

/** What stands between results: records that are missing, or a time at which nobody looked. */
export interface DividerRow {
  is: "divider";
  number: number;
  letter: Letter | undefined;
  kind: "gap" | "away" | "let go";
  code: string | undefined;
  text: string;
  from?: number | null; // Unix seconds; null is not known
  to?: number | null;
}

export type Row = ResultRow | DividerRow;
export type NewRow = Omit<ResultRow, "number"> | Omit<DividerRow, "number">;

/** What is kept of each subscription: in the table, and once more of what waits while it is paused. */
export const mostRows = 5000;
export const mostText = 20_000_000; // characters of JSON

/** There may be so much more for a while: to take rows out of the middle for each that comes would be too much work. */
const slack = 1.1;

/** Rows in the order in which they came, the newest last. While they are paused, what comes waits. */
export class Rows {
  readonly #shown = new Kept();
  readonly #waiting = new Kept();
  #next = 1;
  #letGo = 0; // of what waits
  #paused = false;

  /** The same list each time, which changes with what comes. */
  get shown(): readonly Row[] {
    return this.#shown.rows;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Results that have come since the pause. */
  get waiting(): number {
    return this.#waiting.results + this.#letGo;
  }

  /** Those of them that will not be shown any more, as they are too many. */
  get letGo(): number {
    return this.#letGo;
  }

  add(rows: readonly NewRow[]): void {
    const numbered = rows.map((row) => ({ ...row, number: this.#next++ }) as Row);
    if (this.#paused) this.#letGo += this.#waiting.add(numbered);
    else this.#shown.add(numbered);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const text = `older ones let go: ${this.#letGo.toLocaleString("en")}`;
    if (this.#letGo > 0) this.add([{ is: "divider", letter: undefined, kind: "let go", code: undefined, text }]);
    this.#shown.add(this.#waiting.rows);
    this.#waiting.keep(() => false);
    this.#letGo = 0;
  }

  /** Somebody looks away: what comes from here on is new to them, and what was new before is not. */
  leave(at: number): void {
    this.forget();
    const text = "since you looked away";
    this.add([{ is: "divider", letter: undefined, kind: "away", code: undefined, text, from: at, to: null }]);
  }

  /** They look again. */
  comeBack(): void {
    const newest = this.#waiting.rows.at(-1) ?? this.#shown.rows.at(-1);
    if (newest && isAway(newest)) this.forget(); // as nothing has come
  }

  /** Nothing is new. */
  forget(): void {
    for (const kept of [this.#shown, this.#waiting]) if (kept.rows.some(isAway)) kept.keep((row) => !isAway(row));
  }

  /** Takes away all that has come, or all that a subscription has brought. */
  clear(letter?: Letter): void {
    const stays = (row: Row) => letter !== undefined && row.letter !== letter;
    this.#shown.keep(stays);
    this.#waiting.keep(stays);
    if (letter === undefined) this.#letGo = 0;
  }
}

function isAway(row: Row): boolean {
  return row.is === "divider" && row.kind === "away";
}

interface Sum {
  rows: number;
  text: number;
}

/** A list that has a bound for each subscription. */
class Kept {
  rows: Row[] = [];
  /** How many of the rows are results. */
  results = 0;
  #sums = new Map<Letter | undefined, Sum>();

  /** Adds rows, and tells how many results were let go for them. */
  add(rows: readonly Row[]): number {
    for (const row of rows) {
      this.rows.push(row);
      if (row.is === "result") this.results += 1;
      count(this.#sums, row);
    }
    const isFull = [...this.#sums.values()].some((sum) => sum.rows > mostRows * slack || sum.text > mostText * slack);
    return isFull ? this.#letGo() : 0;
  }

  keep(stays: (row: Row) => boolean): void {
    this.rows = this.rows.filter(stays);
    this.#sums = new Map();
    this.results = 0;
    for (const row of this.rows) {
      if (row.is === "result") this.results += 1;
      count(this.#sums, row);
    }
  }

  /** Keeps the newest of each subscription, of which the very newest may be as long as it likes. */
  #letGo(): number {
    const sums = new Map<Letter | undefined, Sum>();
    const stays = new Set<Row>();
    for (const row of this.rows.toReversed()) {
      const { rows, text } = count(sums, row);
      if (rows <= mostRows && (text <= mostText || rows === 1)) stays.add(row);
    }
    const before = this.results;
    this.keep((row) => stays.has(row));
    return before - this.results;
  }
}

function count(sums: Map<Letter | undefined, Sum>, row: Row): Sum {
  const sum = sums.get(row.letter) ?? { rows: 0, text: 0 };
  sum.rows += 1;
  sum.text += row.is === "result" ? row.json.length : row.text.length;
  sums.set(row.letter, sum);
  return sum;
}
