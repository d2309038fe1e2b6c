/** Rect is on the screen, in CSS pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Grid finds points on the screen without looking at all of them. */
export class Grid {
  readonly #cell: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #starts: Uint32Array; // of the cells in #members
  readonly #members: Uint32Array; // indexes of the points, by cell, ascending in each
  readonly #xs: Float32Array;
  readonly #ys: Float32Array;

  constructor(xs: Float32Array, ys: Float32Array, width: number, height: number, cell = 16) {
    this.#cell = cell;
    this.#columns = Math.max(1, Math.ceil(width / cell));
    this.#rows = Math.max(1, Math.ceil(height / cell));
    this.#xs = xs;
    this.#ys = ys;
    this.#starts = new Uint32Array(this.#columns * this.#rows + 1);
    this.#members = new Uint32Array(xs.length);
    this.#sort();
  }

  /** within gives the points in a rectangle, in ascending order. */
  within({ x, y, width, height }: Rect): number[] {
    const found: number[] = [];
    const [left, right] = [this.#column(x), this.#column(x + width)];
    const [top, bottom] = [this.#row(y), this.#row(y + height)];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const cell = row * this.#columns + column;
        for (let i = this.#starts[cell] ?? 0; i < (this.#starts[cell + 1] ?? 0); i++) {
          const point = this.#members[i] ?? 0;
          if (inside(this.#xs[point] ?? NaN, x, width) && inside(this.#ys[point] ?? NaN, y, height)) found.push(point);
        }
      }
    }
    return found.sort((a, b) => a - b);
  }

  /** nearest gives the point nearest to a place, within so many pixels. */
  nearest(x: number, y: number, within: number): number | undefined {
    let nearest: number | undefined;
    let least = within * within;
    for (const point of this.within({ x: x - within, y: y - within, width: 2 * within, height: 2 * within })) {
      const distance = ((this.#xs[point] ?? NaN) - x) ** 2 + ((this.#ys[point] ?? NaN) - y) ** 2;
      if (distance > least) continue;
      nearest = point; // of points in one place the one on top, which is the last
      least = distance;
    }
    return nearest;
  }

  /** A counting sort: how many there are in each cell, where each begins, and then each into its place. */
  #sort(): void {
    const cells = new Int32Array(this.#xs.length);
    for (let i = 0; i < cells.length; i++) {
      const cell = this.#row(this.#ys[i] ?? 0) * this.#columns + this.#column(this.#xs[i] ?? 0);
      cells[i] = cell;
      this.#starts[cell + 1] = (this.#starts[cell + 1] ?? 0) + 1;
    }
    for (let cell = 1; cell < this.#starts.length; cell++) this.#starts[cell] = (this.#starts[cell] ?? 0) + (this.#starts[cell - 1] ?? 0);
    const next = this.#starts.slice();
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] ?? 0;
      const at = next[cell] ?? 0;
      this.#members[at] = i;
      next[cell] = at + 1;
    }
  }

  /** What is beside the map is in its outer cells. */
  #column(x: number): number {
    return Math.min(this.#columns - 1, Math.max(0, Math.floor(x / this.#cell) || 0));
  }

  #row(y: number): number {
    return Math.min(this.#rows - 1, Math.max(0, Math.floor(y / this.#cell) || 0));
  }
}

function inside(value: number, from: number, length: number): boolean {
  return value >= from && value <= from + length;
}
