import { project } from "./project.ts";

/** Spot is a probe on the map. */
export interface Spot {
  readonly id: number;
  readonly lat: number;
  readonly lon: number;
}

/** How a spot looks: which colour of the map's palette, filled or hollow, and with or without a ring around it. */
export interface Look {
  readonly colour: number;
  readonly hollow?: boolean;
  readonly ring?: boolean;
}

/** Disc is something larger than a probe: a site. Its letters tell it, so that colour alone does not have to. */
export interface Disc {
  readonly key: string;
  readonly lat: number;
  readonly lon: number;
  readonly radius: number; // px
  readonly colour: number; // of the map's palette
  readonly outline: number; // likewise
  readonly hollow?: boolean;
  readonly label: string; // is left out where that of a larger one is
}

/** Arc leads from one place to another: a move of several probes. */
export interface Arc {
  readonly from: { readonly lat: number; readonly lon: number };
  readonly to: { readonly lat: number; readonly lon: number };
  readonly width: number; // px
  readonly colour: number; // of the map's palette
}

const hollow = 64;
const ring = 128;

/** What of a scene has changed since it was drawn. */
export interface Changes {
  spots: boolean; // all of them
  looks: number[]; // indexes of spots
  overlay: boolean; // discs and arcs
  pulses: number[]; // indexes of spots
}

/**
 * Scene is what a map shows. A page changes it as often as it likes; the map draws what has changed, fifteen times a second at most.
 */
export class Scene {
  xs = new Float64Array(); // of the spots, in the plane
  ys = new Float64Array();
  #ids: number[] = [];
  #looks = new Uint8Array();
  #indexes = new Map<number, number>();
  #discs: readonly Disc[] = [];
  #arcs: readonly Arc[] = [];
  #changes: Changes = noChanges();
  readonly #listeners = new Set<() => void>();

  get size(): number {
    return this.#ids.length;
  }

  get discs(): readonly Disc[] {
    return this.#discs;
  }

  get arcs(): readonly Arc[] {
    return this.#arcs;
  }

  /** place the spots, instead of those before; those without a place are left out. */
  place(spots: Iterable<Spot>, look: (id: number) => Look): void {
    const placed = [...spots].filter(({ lat, lon }) => Number.isFinite(lat) && Number.isFinite(lon));
    this.#ids = placed.map(({ id }) => id);
    this.#indexes = new Map(this.#ids.map((id, index) => [id, index]));
    this.#looks = Uint8Array.from(placed, ({ id }) => coded(look(id)));
    const points = placed.map(({ lat, lon }) => project(lat, lon));
    this.xs = Float64Array.from(points, ([x]) => x);
    this.ys = Float64Array.from(points, ([, y]) => y);
    this.#changes = { ...noChanges(), spots: true };
    this.#tell();
  }

  /** set how a spot looks. */
  set(id: number, look: Look): void {
    const index = this.#indexes.get(id);
    if (index === undefined || this.#looks[index] === coded(look)) return;
    this.#looks[index] = coded(look);
    if (!this.#changes.spots) this.#changes.looks.push(index);
    if (this.#changes.looks.length > mostSingly * this.size) this.#changes = { ...this.#changes, looks: [], spots: true };
    this.#tell();
  }

  /** restyle asks how each spot looks; those that look otherwise than before are drawn. */
  restyle(look: (id: number) => Look): void {
    for (const id of this.#ids) this.set(id, look(id));
  }

  /** pulse draws attention to a spot for a moment, unless the viewer wants no motion. */
  pulse(id: number): void {
    const index = this.#indexes.get(id);
    if (index === undefined || this.#changes.pulses.length >= mostPulses) return;
    this.#changes.pulses.push(index);
    this.#tell();
  }

  /** overlay puts discs and arcs over the spots, instead of those before. */
  overlay(discs: readonly Disc[], arcs: readonly Arc[] = []): void {
    this.#discs = discs.toSorted((a, b) => b.radius - a.radius); // so that small ones are not under large ones
    this.#arcs = arcs;
    this.#changes.overlay = true;
    this.#tell();
  }

  idOf(index: number): number | undefined {
    return this.#ids[index];
  }

  indexOf(id: number): number | undefined {
    return this.#indexes.get(id);
  }

  lookOf(index: number): Required<Look> {
    const code = this.#looks[index] ?? 0;
    return { colour: code & 63, hollow: (code & hollow) !== 0, ring: (code & ring) !== 0 };
  }

  /** takeChanges is for the map that draws the scene. */
  takeChanges(): Changes {
    const changes = this.#changes;
    this.#changes = noChanges();
    return changes;
  }

  /** watch is told whenever something has changed, until the function that comes back is called. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

const mostPulses = 300;
/** A share of the spots: if more change, it is less work to draw all of them. */
const mostSingly = 0.5;

function noChanges(): Changes {
  return { spots: false, looks: [], overlay: false, pulses: [] };
}

function coded(look: Look): number {
  return (look.colour & 63) | (look.hollow ? hollow : 0) | (look.ring ? ring : 0);
}
