import type { Rect } from "./grid.ts";

const tile = 64; // px

/**
 * Dirty collects what of the map is to be drawn anew. What is close together is one rectangle, as it is copies that cost, more than what is copied; where it is a great
 * part of the map, it is all.
 */
export class Dirty {
  readonly #rects = new Map<number, Rect>(); // by the tile of the map in which their middle was
  readonly #whole: Rect;
  #all = false;

  constructor(width: number, height: number) {
    this.#whole = { x: 0, y: 0, width, height };
  }

  get isEmpty(): boolean {
    return !this.#all && this.#rects.size === 0;
  }

  add(rect: Rect): void {
    const { width, height } = this.#whole;
    const apart = rect.x >= width || rect.y >= height || rect.x + rect.width <= 0 || rect.y + rect.height <= 0;
    if (this.#all || apart) return;
    const key = this.#tileOf(rect);
    const near = this.#rects.get(key);
    this.#rects.set(key, near ? around(near, rect) : rect);
  }

  addAll(): void {
    this.#all = true;
    this.#rects.clear();
  }

  /** take gives what was collected, and begins anew. */
  take(): Rect[] {
    const rects = [...this.#rects.values()];
    const area = rects.reduce((sum, { width, height }) => sum + width * height, 0);
    const all = this.#all || area > (this.#whole.width * this.#whole.height) / 3;
    this.#rects.clear();
    this.#all = false;
    return all ? [this.#whole] : rects;
  }

  #tileOf({ x, y, width, height }: Rect): number {
    const number = (middle: number, length: number) => Math.floor(Math.max(0, Math.min(middle, length - 1)) / tile);
    const columns = Math.ceil(this.#whole.width / tile);
    return number(y + height / 2, this.#whole.height) * columns + number(x + width / 2, this.#whole.width);
  }
}

/** around gives the least rectangle with two others in it. */
function around(a: Rect, b: Rect): Rect {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  const [right, bottom] = [Math.max(a.x + a.width, b.x + b.width), Math.max(a.y + a.height, b.y + b.height)];
  return { x, y, width: right - x, height: bottom - y };
}
