import type { Rect } from "./grid.ts";
import type { Disc } from "./scene.ts";

type ToScreen = (lat: number, lon: number) => readonly [x: number, y: number];
type Colours = { readonly text: string; readonly ground: string };

const font = "600 11px system-ui, sans-serif";
const letter = 7.5; // px, the widest of them
const textHeight = 14;

/** discBox is what a disc and its letters cover. */
export function discBox({ lat, lon, radius, label }: Disc, toScreen: ToScreen): Rect {
  const [x, y] = toScreen(lat, lon);
  const half = Math.max(radius, (label.length * letter) / 2) + 3;
  return { x: x - half, y: y - radius - 3, width: 2 * half, height: 2 * radius + textHeight + 6 };
}

/** drawDisc draws a disc that lets the spots under it be seen, with its letters below. */
export function drawDisc(context: CanvasRenderingContext2D, disc: Disc, toScreen: ToScreen, colours: Colours): void {
  const [x, y] = toScreen(disc.lat, disc.lon);
  context.beginPath();
  context.arc(x, y, disc.radius, 0, 2 * Math.PI);
  context.fillStyle = disc.colour;
  context.globalAlpha = disc.hollow ? 0.15 : 0.5;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = disc.outline ?? disc.colour;
  context.lineWidth = 1.5;
  context.setLineDash(disc.hollow ? [3, 3] : []);
  context.stroke();
  context.setLineDash([]);
  write(context, disc.label, x, y + disc.radius + textHeight - 3, colours);
}

function write(context: CanvasRenderingContext2D, text: string, x: number, y: number, { text: ink, ground }: Colours): void {
  context.font = font;
  context.textAlign = "center";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = ground;
  context.strokeText(text, x, y);
  context.fillStyle = ink;
  context.fillText(text, x, y);
}
