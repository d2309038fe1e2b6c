import type { ResultRow, Row } from "./rows.ts";

/** Tells which rows have a text in them, in any case; each row is looked through once. */
export class Finder {
  readonly #pattern: RegExp;
  readonly #known = new WeakMap<Row, boolean>();

  constructor(text: string) {
    this.#pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"), "iu");
  }

  /** What is in the row as it is shown, or in the record behind it. */
  finds(row: Row): row is ResultRow {
    if (row.is !== "result") return false;
    let found = this.#known.get(row);
    if (found === undefined) {
      found = this.#pattern.test(`${row.probe} ${row.where} ${row.text}`) || this.#pattern.test(row.json);
      this.#known.set(row, found);
    }
    return found;
  }
}
