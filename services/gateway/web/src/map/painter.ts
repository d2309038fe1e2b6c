import { Dirty } from "./dirty.ts";
import { Grid, overlap, type Rect } from "./grid.ts";
import { drawArc, arcBox } from "./arcs.ts";
import { drawDisc, discBox, labelled } from "./discs.ts";
import { project } from "./project.ts";
import type { Disc, Scene } from "./scene.ts";
import { Slices } from "./slices.ts";
import type { Size, View } from "./view.ts";

/** Colours of a theme, as a canvas takes them. */
export interface Colours {
  readonly sea: string;
  readonly land: string;
  readonly border: string;
  readonly ring: string; // around spots
  readonly text: string;
  readonly ground: string; // behind text, and around discs
  readonly palette: readonly string[]; // of spots
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

const pulseTime = 1500; // ms
const pulseSize = 14; // px
const ringRoom = 3; // px that a ring takes around a spot

/**
 * Painter draws a scene on a canvas. Without a GPU it is not the drawing that costs but putting layers together, so there is one opaque canvas. Behind it lie the land, and
 * the land with the spots on it; from there only the squares that have changed are copied, and what lies over the spots is drawn in them again.
 */
export class Painter {
  readonly #front: CanvasRenderingContext2D;
  readonly #scene: Scene;
  #land: OffscreenCanvasRenderingContext2D | null = null;
  #back: OffscreenCanvasRenderingContext2D | null = null;
  #size: Size = { width: 0, height: 0 };
  #ratio = 1;
  #view: View = { scale: 1, x: 0, y: 0 };
  #colours: Colours;
  #grid = new Grid(new Float32Array(), new Float32Array(), 1, 1);
  #xs = new Float32Array();
  #ys = new Float32Array();
  #radius = 3;
  #dirty = new Dirty(0, 0);
  #overlay: Rect[] = []; // where discs and arcs are
  #labelled: ReadonlySet<Disc> = new Set();
  #pulses: { index: number; began: number }[] = [];
  #isShifted = false; // what is shown, until the next layout
  #layout = 0; // counts, so that an older one stops

  constructor(canvas: HTMLCanvasElement, scene: Scene, colours: Colours) {
    const front = canvas.getContext("2d", { alpha: false });
    if (!front) throw new Error("this browser has no canvas");
    this.#front = front;
    this.#scene = scene;
    this.#colours = colours;
  }

  get view(): View {
    return this.#view;
  }

  get radius(): number {
    return this.#radius;
  }

  /** layOut draws everything for another size, view or theme, in short tasks. False if another one has begun meanwhile. */
  async layOut(size: Size, view: View, colours: Colours, land: readonly Path2D[]): Promise<boolean> {
    const layout = ++this.#layout;
    const slices = new Slices();
    const ratio = Math.min(2, devicePixelRatio);
    const under = canvasOf(size, ratio);
    under.fillStyle = colours.sea;
    under.fillRect(0, 0, size.width, size.height);
    under.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, view.x * ratio, view.y * ratio);
    under.fillStyle = colours.land;
    under.strokeStyle = colours.border;
    under.lineWidth = 0.75 / view.scale;
    for (const country of land) {
      under.fill(country);
      under.stroke(country);
      await slices.pause();
      if (layout !== this.#layout) return false;
    }
    this.#take(size, ratio, view, colours, under);
    return true;
  }

  /** discAt gives the key of the smallest disc at a place on the screen. */
  discAt(x: number, y: number): string | undefined {
    const under = this.#scene.discs.filter(({ lat, lon, radius }) => {
      const [left, top] = this.#toScreen(lat, lon);
      return Math.hypot(left - x, top - y) <= Math.max(radius, 8);
    });
    return under.sort((a, b) => a.radius - b.radius)[0]?.key;
  }

  /** spotAt gives the index of the spot at a place on the screen. */
  spotAt(x: number, y: number): number | undefined {
    return this.#grid.nearest(x, y, Math.max(8, this.#radius + 4));
  }

  /** positionOf a spot on the screen. */
  positionOf(index: number): readonly [x: number, y: number] {
    return [this.#xs[index] ?? NaN, this.#ys[index] ?? NaN];
  }

  /** shift shows what there is, moved and scaled, until the next layout. One that is under way ends, as it has the view of before. */
  shift(to: View): void {
    const { canvas } = this.#back ?? {};
    if (!canvas) return;
    const factor = to.scale / this.#view.scale;
    const { width, height } = this.#size;
    this.#front.fillStyle = this.#colours.sea;
    this.#front.fillRect(0, 0, width, height);
    this.#front.drawImage(canvas, to.x - this.#view.x * factor, to.y - this.#view.y * factor, width * factor, height * factor);
    this.#isShifted = true;
    this.#layout++;
  }

  /** draw what has changed; true if there is more to come by itself. */
  draw(now: number, motion: boolean): boolean {
    if (!this.#back || !this.#land || this.#isShifted) return false;
    const changes = this.#scene.takeChanges();
    if (changes.spots) this.#placeSpots();
    for (const index of changes.looks) this.#repaint(this.#boxOf(index));
    if (changes.overlay) this.#placeOverlay();
    this.#pulse(changes.pulses, now, motion);
    if (!this.#dirty.isEmpty) this.#show(this.#dirty.take(), now);
    return this.#pulses.length > 0;
  }

  #take(size: Size, ratio: number, view: View, colours: Colours, land: OffscreenCanvasRenderingContext2D): void {
    const { canvas } = this.#front;
    Object.assign(canvas, { width: Math.round(size.width * ratio), height: Math.round(size.height * ratio) });
    this.#front.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#land = land;
    this.#land.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#back = canvasOf(size, ratio);
    this.#isShifted = false;
    [this.#size, this.#ratio, this.#view, this.#colours] = [size, ratio, view, colours];
    this.#dirty = new Dirty(size.width, size.height);
    this.#placeSpots();
    this.#placeOverlay();
  }

  #placeSpots(): void {
    const { xs, ys, size } = this.#scene;
    const { scale, x, y } = this.#view;
    this.#xs = Float32Array.from(xs, (plane) => plane * scale + x);
    this.#ys = Float32Array.from(ys, (plane) => plane * scale + y);
    this.#grid = new Grid(this.#xs, this.#ys, this.#size.width, this.#size.height);
    this.#radius = radiusOf(size, this.#size);
    this.#pulses = [];
    this.#repaint({ x: 0, y: 0, ...this.#size });
  }

  /** repaint draws a square of the land and the spots on it. */
  #repaint(box: Rect): void {
    const back = this.#back;
    if (!back || !this.#land) return;
    const rect = this.#wholePixels(box);
    back.save();
    back.beginPath();
    back.rect(rect.x, rect.y, rect.width, rect.height);
    back.clip();
    this.#copy(this.#land, back, rect);
    for (const index of this.#grid.within(wider(rect, this.#radius + ringRoom))) {
      if (overlap(this.#spotBox(index), rect)) this.#paintSpot(back, index);
    }
    back.restore();
    this.#dirty.add(rect);
  }

  #paintSpot(context: Context, index: number): void {
    const look = this.#scene.lookOf(index);
    const [x, y] = this.positionOf(index);
    const colour = this.#colours.palette[look.colour] ?? this.#colours.text;
    context.beginPath();
    context.arc(x, y, look.hollow ? this.#radius - 0.5 : this.#radius, 0, 2 * Math.PI);
    if (look.hollow) stroke(context, colour, 1);
    else {
      context.fillStyle = colour;
      context.fill();
    }
    if (!look.ring) return;
    context.beginPath();
    context.arc(x, y, this.#radius + 2, 0, 2 * Math.PI);
    stroke(context, this.#colours.ring, 1.5);
  }

  #placeOverlay(): void {
    for (const rect of this.#overlay) this.#dirty.add(this.#wholePixels(rect));
    this.#overlay = [
      ...this.#scene.arcs.map((arc) => arcBox(arc, this.#toScreen)),
      ...this.#scene.discs.map((disc) => discBox(disc, this.#toScreen)),
    ];
    this.#labelled = labelled(this.#scene.discs, this.#toScreen);
    for (const rect of this.#overlay) this.#dirty.add(this.#wholePixels(rect));
  }

  readonly #toScreen = (lat: number, lon: number): readonly [x: number, y: number] => {
    const [x, y] = project(lat, lon);
    return [x * this.#view.scale + this.#view.x, y * this.#view.scale + this.#view.y];
  };

  #pulse(begun: readonly number[], now: number, motion: boolean): void {
    if (motion) for (const index of begun) this.#pulses.push({ index, began: now });
    for (const { index } of this.#pulses) this.#dirty.add(this.#wholePixels(this.#pulseBox(index)));
    this.#pulses = this.#pulses.filter(({ began }) => now - began < pulseTime);
  }

  /** show copies squares to the screen, and draws what lies over the spots in them. */
  #show(rects: readonly Rect[], now: number): void {
    if (!this.#back) return;
    for (const rect of rects) this.#copy(this.#back, this.#front, rect);
    this.#drawOverlay(rects);
    for (const pulse of this.#pulses) this.#drawPulse(this.#front, pulse, now); // each lies in a rectangle of its own that was copied
  }

  #drawOverlay(rects: readonly Rect[]): void {
    const isTouched = (box: Rect | undefined) => box !== undefined && rects.some((rect) => overlap(rect, box));
    const arcs = this.#scene.arcs.filter((_, i) => isTouched(this.#overlay[i]));
    const discs = this.#scene.discs.filter((_, i) => isTouched(this.#overlay[this.#scene.arcs.length + i]));
    if (arcs.length + discs.length === 0) return;
    const front = this.#front;
    front.save();
    front.beginPath();
    for (const { x, y, width, height } of rects) front.rect(x, y, width, height);
    front.clip();
    for (const arc of arcs) drawArc(front, arc, this.#toScreen, this.#colours);
    for (const disc of discs) drawDisc(front, disc, this.#toScreen, this.#colours, this.#labelled.has(disc));
    front.restore();
  }

  #drawPulse(context: Context, { index, began }: { index: number; began: number }, now: number): void {
    const age = (now - began) / pulseTime;
    const [x, y] = this.positionOf(index);
    context.globalAlpha = 1 - age;
    context.beginPath();
    context.arc(x, y, this.#radius + age * (pulseSize - this.#radius - 2), 0, 2 * Math.PI);
    stroke(context, this.#colours.ring, 1.5);
    context.globalAlpha = 1;
  }

  #copy(from: Context, to: Context, { x, y, width, height }: Rect): void {
    const ratio = this.#ratio;
    to.drawImage(from.canvas, x * ratio, y * ratio, width * ratio, height * ratio, x, y, width, height);
  }

  /** Where a spot may be seen, now or before it changed. */
  #boxOf(index: number): Rect {
    return this.#around(index, this.#radius + ringRoom);
  }

  /** Where a spot is seen. */
  #spotBox(index: number): Rect {
    return this.#around(index, this.#radius + (this.#scene.lookOf(index).ring ? ringRoom : 1));
  }

  #pulseBox(index: number): Rect {
    return this.#around(index, pulseSize + 1);
  }

  #around(index: number, distance: number): Rect {
    const [x, y] = this.positionOf(index);
    return { x: x - distance, y: y - distance, width: 2 * distance, height: 2 * distance };
  }

  /** A copy of a part of a pixel would be blurred. */
  #wholePixels({ x, y, width, height }: Rect): Rect {
    const right = Math.min(this.#size.width, Math.ceil(x + width));
    const bottom = Math.min(this.#size.height, Math.ceil(y + height));
    const [left, top] = [Math.max(0, Math.floor(x)), Math.max(0, Math.floor(y))];
    return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
  }
}

function wider({ x, y, width, height }: Rect, by: number): Rect {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

/** Spots shrink as they become more: at 13,000 they are a pixel and a half on a map as wide as a screen. */
function radiusOf(spots: number, { width, height }: Size): number {
  const room = Math.sqrt((width * height) / Math.max(1, spots));
  return Math.min(5, Math.max(1.5, room / 8));
}

function stroke(context: Context, colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function canvasOf({ width, height }: Size, ratio: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))).getContext("2d", {
    alpha: false,
  });
  if (!context) throw new Error("this browser has no canvas");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
