import type { Rect } from "./grid.ts";

const most = 400;

/** Dirty collects what of the map is to be drawn anew. Where that is a great part of it, it is all. */
export class Dirty {
  #rects: Rect[] = [];
  #area = 0;
  #all = false;
  readonly #mostArea: number;
  readonly #whole: Rect;

  constructor(width: number, height: number) {
    this.#whole = { x: 0, y: 0, width, height };
    this.#mostArea = (width * height) / 3;
  }

  get isEmpty(): boolean {
    return !this.#all && this.#rects.length === 0;
  }

  add(rect: Rect): void {
    const { x, y, width, height } = this.#whole;
    const apart = rect.x >= x + width || rect.y >= y + height || rect.x + rect.width <= x || rect.y + rect.height <= y;
    if (this.#all || apart) return;
    this.#rects.push(rect);
    this.#area += rect.width * rect.height;
    if (this.#rects.length > most || this.#area > this.#mostArea) this.addAll();
  }

  addAll(): void {
    this.#all = true;
    this.#rects = [];
  }

  /** take gives what was collected, and begins anew. */
  take(): Rect[] {
    const rects = this.#all ? [this.#whole] : this.#rects;
    this.#rects = [];
    this.#area = 0;
    this.#all = false;
    return rects;
  }
}
