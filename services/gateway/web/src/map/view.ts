import { worldHeight, worldWidth } from "./project.ts";

/** View says where on the screen the plane is: screen = plane × scale + offset, in CSS pixels. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Positions of probes are obfuscated by up to a kilometre, so a map that shows streets would lie. The width of the world is 34,000 km here. */
const kmPerUnit = 34_500 / worldWidth;
const leastKmAcross = 100;
const margin = 24; // px

/** The whole world. */
export function worldView(size: Size): View {
  return fitBox({ left: 0, top: 0, right: worldWidth, bottom: worldHeight }, size, 4);
}

/** fit shows all points, with room around; a few points that lie together do not fill the map. */
export function fit(xs: Iterable<number>, ys: Iterable<number>, size: Size): View {
  const [left, right] = extent(xs);
  const [top, bottom] = extent(ys);
  if (left > right) return worldView(size);
  return fitBox({ left, right, top, bottom }, size, margin);
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function fitBox({ left, top, right, bottom }: Box, size: Size, around: number): View {
  const width = Math.max(1, size.width - 2 * around);
  const height = Math.max(1, size.height - 2 * around);
  const scale = limited(Math.min(width / Math.max(right - left, worldWidth / 40), height / Math.max(bottom - top, worldWidth / 40)), size);
  return { scale, x: size.width / 2 - ((left + right) / 2) * scale, y: size.height / 2 - ((top + bottom) / 2) * scale };
}

/** zoom keeps the given point of the screen where it is. */
export function zoom(view: View, factor: number, at: readonly [x: number, y: number], size: Size): View {
  const scale = limited(view.scale * factor, size);
  const change = scale / view.scale;
  return held({ scale, x: at[0] - (at[0] - view.x) * change, y: at[1] - (at[1] - view.y) * change }, size);
}

export function pan(view: View, dx: number, dy: number, size: Size): View {
  return held({ ...view, x: view.x + dx, y: view.y + dy }, size);
}

function limited(scale: number, size: Size): number {
  const most = (size.width * kmPerUnit) / leastKmAcross;
  const least = 0.9 * Math.min(size.width / worldWidth, size.height / worldHeight);
  return Math.min(most, Math.max(least, scale));
}

/** held keeps some of the world in the middle of the map. */
function held({ scale, x, y }: View, size: Size): View {
  const within = (offset: number, world: number, screen: number) => Math.min(screen / 2, Math.max(screen / 2 - world * scale, offset));
  return { scale, x: within(x, worldWidth, size.width), y: within(y, worldHeight, size.height) };
}

function extent(values: Iterable<number>): readonly [number, number] {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}
