import type { Zone } from "../time/format.ts";
import { fromZero, type Scale } from "./scale.ts";
import { stepOf, timeLabel, timeTicks } from "./ticks.ts";

/** A line or a row of bars over the times of a chart. null is a gap, which stays one. */
export interface Curve {
  name: string;
  /** A colour of CSS: `var(--series-a)`. */
  colour: string;
  values: readonly (number | null)[];
  dashed?: boolean;
  bars?: boolean;
  /** Of values that are of another kind than the others': they take the lower third, and have no axis. */
  apart?: boolean;
}

/** A stretch of time that is marked behind the curves. */
export interface Band {
  readonly from: number; // Unix seconds
  readonly to: number;
  readonly colour: string;
}

export interface Drawing {
  times: readonly number[]; // Unix seconds, the same distance apart
  curves: readonly Curve[];
  bands?: readonly Band[];
  /** From 0 to the greatest value where there is none. */
  scale?: Scale;
  zone: Zone;
  format(value: number): string;
}

/** Space for labels, in CSS pixels. */
const margin = { left: 44, right: 8, top: 8, bottom: 20 };
const font = "11px system-ui, sans-serif";
const leastBand = 2; // CSS pixels

/**
 * Draws curves on a canvas that is as large as its element. A chart of a library is four times as long as this; the pages have 60 kB for what they show first.
 */
export class Plot {
  readonly #element: HTMLElement;
  readonly #canvas = document.createElement("canvas");
  readonly #resized: ResizeObserver;
  readonly #point: (index: number | null) => void;
  #drawing: Drawing;
  #pointed: number | null = null;
  #colours = new Map<string, string>();

  /** `point` is told which point the mouse is at; what is marked then is what update says. */
  constructor(element: HTMLElement, drawing: Drawing, point: (index: number | null) => void) {
    this.#element = element;
    this.#drawing = drawing;
    this.#point = point;
    element.append(this.#canvas);
    this.#canvas.addEventListener("pointermove", (event) => this.#pointAt(event.offsetX));
    this.#canvas.addEventListener("pointerleave", () => this.#pointAt(null));
    this.#resized = new ResizeObserver(() => this.#draw());
    this.#resized.observe(element);
  }

  update(drawing: Drawing, pointed: number | null): void {
    this.#drawing = drawing;
    this.#pointed = pointed;
    this.#draw();
  }

  /** Forgets which colours the variables of CSS were: the theme is another one. */
  repaint(): void {
    this.#colours = new Map();
    this.#draw();
  }

  destroy(): void {
    this.#resized.disconnect();
    this.#canvas.remove();
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#element;
    const context = this.#canvas.getContext("2d");
    if (width === 0 || height === 0 || !context) return;
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
    context.scale(devicePixelRatio, devicePixelRatio);
    context.font = font;
    const { curves } = this.#drawing;
    const most = (of: readonly Curve[]) =>
      of.reduce((most, { values }) => values.reduce<number>((sum, value) => Math.max(sum, value ?? 0), most), 0);
    const ground = height - margin.top - margin.bottom;
    const scale = this.#drawing.scale ?? fromZero(most(curves.filter(({ apart }) => !apart)), ground / 32);
    const apart = 3 * Math.max(1, most(curves.filter((curve) => curve.apart)));
    for (const band of this.#drawing.bands ?? []) this.#drawBand(context, band, ground);
    this.#drawAxes(context, width, height, scale);
    const bars = curves.filter((curve) => curve.bars);
    const y = (curve: Curve) => (value: number) => margin.top + ground * (1 - (curve.apart ? value / apart : scale.share(value)));
    for (const [index, curve] of bars.entries()) this.#drawBars(context, curve, y(curve), index, bars.length);
    for (const curve of curves.filter((curve) => !curve.bars)) this.#drawLine(context, curve, y(curve));
    if (this.#pointed !== null) this.#drawPointed(context, height);
  }

  #drawAxes(context: CanvasRenderingContext2D, width: number, height: number, scale: Scale): void {
    const { times, zone, format } = this.#drawing;
    const bottom = height - margin.bottom;
    context.strokeStyle = this.#colour("var(--line)");
    context.fillStyle = this.#colour("var(--muted)");
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of scale.ticks) {
      const y = Math.round(margin.top + (bottom - margin.top) * (1 - scale.share(value))) + 0.5;
      line(context, margin.left, y, width - margin.right, y);
      context.fillText(format(value), margin.left - 6, y);
    }
    context.textAlign = "center";
    context.textBaseline = "top";
    const [from, to] = [times[0], times.at(-1)];
    if (from === undefined || to === undefined) return;
    const ticks = timeTicks(from, to, Math.max(1, Math.floor((width - margin.left - margin.right) / 70)), zone);
    for (const time of ticks) {
      const x = Math.round(this.#x(time)) + 0.5;
      line(context, x, bottom, x, bottom + 3);
      context.fillText(timeLabel(time, stepOf(ticks, to - from), zone), x, bottom + 6);
    }
  }

  #drawBand(context: CanvasRenderingContext2D, { from, to, colour }: Band, height: number): void {
    const { times } = this.#drawing;
    const [left, right] = [Math.max(this.#x(from), this.#x(times[0] ?? 0)), Math.min(this.#x(to), this.#x(times.at(-1) ?? 0))];
    if (right < left) return; // it is before or after what is shown
    context.fillStyle = this.#colour(colour);
    context.fillRect(left, margin.top, Math.max(leastBand, right - left), height);
  }

  #drawLine(context: CanvasRenderingContext2D, { colour, values, dashed }: Curve, y: (value: number) => number): void {
    context.strokeStyle = context.fillStyle = this.#colour(colour);
    context.lineWidth = dashed ? 1 : 1.6;
    context.lineJoin = "round";
    context.setLineDash(dashed ? [4, 3] : []);
    context.beginPath();
    for (const [index, value] of values.entries()) {
      if (value === null) continue;
      const x = this.#x(this.#drawing.times[index] ?? 0);
      const isAlone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
      if (isAlone) context.fillRect(x - 1, y(value) - 1, 2, 2);
      else if ((values[index - 1] ?? null) === null) context.moveTo(x, y(value));
      else context.lineTo(x, y(value));
    }
    context.stroke();
    context.setLineDash([]);
  }

  #drawBars(context: CanvasRenderingContext2D, { colour, values }: Curve, y: (value: number) => number, number: number, of: number): void {
    const { times } = this.#drawing;
    const slot = this.#x(times[1] ?? 0) - this.#x(times[0] ?? 0);
    const width = Math.max(1, (slot * 0.8) / of);
    context.fillStyle = this.#colour(colour);
    for (const [index, value] of values.entries()) {
      if (value === null || value === 0) continue;
      const x = this.#x(times[index] ?? 0) - (width * of) / 2 + number * width;
      context.fillRect(x, y(value), width, y(0) - y(value));
    }
  }

  #drawPointed(context: CanvasRenderingContext2D, height: number): void {
    const time = this.#drawing.times[this.#pointed ?? -1];
    if (time === undefined) return;
    context.strokeStyle = this.#colour("var(--edge)");
    context.lineWidth = 1;
    line(context, Math.round(this.#x(time)) + 0.5, margin.top, Math.round(this.#x(time)) + 0.5, height - margin.bottom);
  }

  #x(time: number): number {
    const { times } = this.#drawing;
    const [from, to] = [times[0] ?? 0, times.at(-1) ?? 1];
    const width = this.#element.clientWidth - margin.left - margin.right;
    return margin.left + (width * (time - from)) / Math.max(1, to - from);
  }

  #pointAt(x: number | null): void {
    const { times } = this.#drawing;
    const width = this.#element.clientWidth - margin.left - margin.right;
    const index = x === null ? null : Math.round(((x - margin.left) / width) * (times.length - 1));
    const pointed = index === null || index < 0 || index >= times.length ? null : index;
    if (pointed !== this.#pointed) this.#point(pointed);
  }

  /** What a colour of CSS is here and now, as a canvas knows no variables. */
  #colour(colour: string): string {
    const known = this.#colours.get(colour);
    if (known !== undefined) return known;
    const probe = document.createElement("span");
    probe.style.color = colour;
    this.#element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    this.#colours.set(colour, color);
    return color;
  }
}

function line(context: CanvasRenderingContext2D, fromX: number, fromY: number, toX: number, toY: number): void {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}
