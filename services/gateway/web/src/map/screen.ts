import { land } from "./land.ts";
import { Painter, type Colours } from "./painter.ts";
import { viewOf, type Region } from "./regions.ts";
import type { Scene } from "./scene.ts";
import { pan, zoom, type Size, type View } from "./view.ts";

const between = 1000 / 15; // ms from one drawing to the next
const settled = 120; // ms after the last movement

/** Screen keeps a canvas showing a scene: when the scene changes, and when the viewer moves it, resizes it or changes the theme. */
export class Screen {
  readonly #scene: Scene;
  readonly #painter: Painter;
  readonly #colours: () => Colours;
  readonly #unwatch: () => void;
  #land: readonly Path2D[] = [];
  #size: Size = { width: 0, height: 0 };
  #region: Region;
  #view: View | null = null; // where the viewer has moved it to
  #frame = 0;
  #drawn = 0;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #shown = -1; // how many spots and discs the view was fitted to

  /** The colours are asked for at each layout. `failed` is called if the land cannot be had; the spots are drawn without it. */
  constructor(canvas: HTMLCanvasElement, scene: Scene, colours: () => Colours, region: Region, failed: (error: unknown) => void) {
    this.#scene = scene;
    this.#colours = colours;
    this.#region = region;
    this.#painter = new Painter(canvas, scene, colours());
    this.#unwatch = scene.watch(() => this.#changed());
    land().then((paths) => {
      this.#land = paths;
      this.layOut();
    }, failed);
  }

  close(): void {
    this.#unwatch();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#settling);
    this.#size = { width: 0, height: 0 };
  }

  resize(size: Size): void {
    if (size.width === this.#size.width && size.height === this.#size.height) return;
    this.#size = size;
    this.layOut();
  }

  show(region: Region): void {
    this.#region = region;
    this.#view = null;
    this.layOut();
  }

  zoom(factor: number, at: readonly [x: number, y: number] = [this.#size.width / 2, this.#size.height / 2]): void {
    this.#move(zoom(this.#view ?? this.#painter.view, factor, at, this.#size));
  }

  pan(dx: number, dy: number): void {
    this.#move(pan(this.#view ?? this.#painter.view, dx, dy, this.#size));
  }

  /** What is at a place on the screen: a spot by its ID, or a disc by its key. Spots go first, they are smaller. */
  at(x: number, y: number): { readonly spot?: number; readonly disc?: string } {
    const index = this.#painter.spotAt(x, y);
    const spot = index === undefined ? undefined : this.#scene.idOf(index);
    if (spot !== undefined) return { spot };
    const disc = this.#painter.discAt(x, y);
    return disc === undefined ? {} : { disc };
  }

  layOut(): void {
    if (this.#size.width === 0 || this.#size.height === 0) return;
    const view = this.#view ?? viewOf(this.#region, this.#scene, this.#size);
    this.#painter.layOut(this.#size, view, this.#colours(), this.#land).then((done) => done && this.#schedule(), reportError);
  }

  #move(view: View): void {
    this.#view = view;
    this.#painter.shift(view);
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.layOut(), settled);
  }

  #changed(): void {
    const isFitted = (this.#region === "probes" || this.#region === "all") && !this.#view;
    const shown = this.#scene.size + (this.#region === "all" ? this.#scene.discs.length : 0);
    if (isFitted && this.#shown !== shown && this.#isElsewhere()) this.layOut();
    this.#shown = shown;
    this.#schedule();
  }

  /** New spots move the map only if it no longer shows them well. */
  #isElsewhere(): boolean {
    const [now, better] = [this.#painter.view, viewOf(this.#region, this.#scene, this.#size)];
    const middle = (view: View, length: number, offset: number) => (length / 2 - offset) / view.scale;
    const shifted = Math.hypot(
      middle(now, this.#size.width, now.x) - middle(better, this.#size.width, better.x),
      middle(now, this.#size.height, now.y) - middle(better, this.#size.height, better.y),
    );
    return Math.abs(Math.log(better.scale / now.scale)) > 0.1 || shifted * better.scale > 40;
  }

  #schedule(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now: number): void {
    this.#frame = 0;
    if (now - this.#drawn < between - 2) return this.#schedule();
    this.#drawn = now;
    const motion = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (this.#painter.draw(now, motion)) this.#schedule();
  }
}
