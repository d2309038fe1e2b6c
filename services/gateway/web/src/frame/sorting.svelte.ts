export interface Order<Column extends string> {
  readonly by: Column;
  readonly down: boolean;
}

/** Sorting is how a table is sorted, by the heads of its columns that are pressed. */
export class Sorting<Column extends string> {
  order = $state.raw() as Order<Column>;
  readonly #usual: Order<Column>;
  readonly #upwards: readonly Column[];

  /** `upwards` are the columns whose least value comes first, as names do. */
  constructor(usual: Order<Column>, upwards: readonly Column[]) {
    this.order = this.#usual = usual;
    this.#upwards = upwards;
  }

  /** The first press of a head sorts by it, the second the other way round, and the third as usual. */
  press(column: Column): void {
    const first = !this.#upwards.includes(column);
    if (this.order.by !== column) this.order = { by: column, down: first };
    else if (this.order.down === first) this.order = { by: column, down: !first };
    else this.order = this.#usual;
  }

  of(column: Column): "ascending" | "descending" | undefined {
    if (this.order.by !== column) return undefined;
    return this.order.down ? "descending" : "ascending";
  }
}
