import type { Screen } from "./screen.ts";

/** What is pointed at: a spot by its ID, or a disc by its key. */
export interface Target {
  readonly spot?: number;
  readonly disc?: string;
}

export interface Pointed {
  readonly x: number;
  readonly y: number;
  readonly target: Target;
}

interface Handlers {
  point(pointed: Pointed | undefined): void;
  pick(target: Target): void;
}

const slack = 4; // px that a press may move and still be one

/** usePointers has a mouse or a finger move the map, and point at what is on it, until the signal is given. */
export function usePointers(canvas: HTMLCanvasElement, screen: Screen, { point, pick }: Handlers, signal: AbortSignal): void {
  let held: { x: number; y: number; moved: boolean } | undefined;
  const listen = <Name extends keyof HTMLElementEventMap>(name: Name, listener: (event: HTMLElementEventMap[Name]) => void) =>
    canvas.addEventListener(name, listener, { signal });

  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { x: event.offsetX, y: event.offsetY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  listen("pointermove", ({ offsetX: x, offsetY: y }) => {
    if (!held || (!held.moved && Math.hypot(x - held.x, y - held.y) <= slack)) return point(pointedAt(screen, x, y));
    screen.pan(x - held.x, y - held.y);
    held = { x, y, moved: true };
    point(undefined);
  });
  listen("pointerup", ({ offsetX: x, offsetY: y }) => {
    if (held && !held.moved) pick(screen.at(x, y));
    held = undefined;
  });
  listen("pointercancel", () => (held = undefined));
  listen("pointerleave", () => point(undefined));
  listen("dblclick", ({ offsetX: x, offsetY: y }) => screen.zoom(2, [x, y]));
  // The wheel scrolls the page, as everywhere; with ctrl, which is how browsers tell of two fingers, it zooms.
  canvas.addEventListener("wheel", (event) => zoomByWheel(event, screen), { signal, passive: false });
}

function zoomByWheel(event: WheelEvent, screen: Screen): void {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  screen.zoom(Math.exp(-event.deltaY / 200), [event.offsetX, event.offsetY]);
}

function pointedAt(screen: Screen, x: number, y: number): Pointed | undefined {
  const target = screen.at(x, y);
  return target.spot === undefined && target.disc === undefined ? undefined : { x, y, target };
}
