import type { Rect } from "./grid.ts";
import type { Colours } from "./painter.ts";
import type { Arc } from "./scene.ts";

type ToScreen = (lat: number, lon: number) => readonly [x: number, y: number];

interface Curve {
  readonly start: readonly [number, number];
  readonly control: readonly [number, number];
  readonly end: readonly [number, number];
}

const bend = 0.18; // of the length
const head = 7; // px

/** An arc bends to its left, so that one there and one back are two. */
function curveOf({ from, to }: Arc, toScreen: ToScreen): Curve {
  const start = toScreen(from.lat, from.lon);
  const end = toScreen(to.lat, to.lon);
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  return { start, end, control: [(start[0] + end[0]) / 2 + dy * bend, (start[1] + end[1]) / 2 - dx * bend] };
}

export function arcBox(arc: Arc, toScreen: ToScreen): Rect {
  const { start, control, end } = curveOf(arc, toScreen);
  const xs = [start[0], control[0], end[0]];
  const ys = [start[1], control[1], end[1]];
  const around = arc.width + head;
  const [left, top] = [Math.min(...xs) - around, Math.min(...ys) - around];
  return { x: left, y: top, width: Math.max(...xs) + around - left, height: Math.max(...ys) + around - top };
}

/** drawArc draws it with a head at its end, on an edge that sets it off from what it crosses. */
export function drawArc(context: CanvasRenderingContext2D, arc: Arc, toScreen: ToScreen, { ground, text, palette }: Colours): void {
  const { start, control, end } = curveOf(arc, toScreen);
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(...start);
  context.quadraticCurveTo(...control, ...end);
  context.strokeStyle = ground;
  context.lineWidth = arc.width + 2;
  context.stroke();
  const colour = palette[arc.colour] ?? text;
  context.strokeStyle = colour;
  context.lineWidth = arc.width;
  context.stroke();
  context.fillStyle = colour;
  drawHead(context, control, end, head + arc.width);
}

function drawHead(context: CanvasRenderingContext2D, from: readonly [number, number], tip: readonly [number, number], size: number): void {
  const angle = Math.atan2(tip[1] - from[1], tip[0] - from[0]);
  context.beginPath();
  context.moveTo(...tip);
  for (const side of [-0.4, 0.4]) context.lineTo(tip[0] - size * Math.cos(angle + side), tip[1] - size * Math.sin(angle + side));
  context.closePath();
  context.fill();
}
