import { overlap, type Rect } from "./grid.ts";
import type { Disc } from "./scene.ts";

type ToScreen = (lat: number, lon: number) => readonly [x: number, y: number];
type Colours = { readonly text: string; readonly ground: string; readonly palette: readonly string[] };

const font = "600 11px system-ui, sans-serif";
const letter = 7.5; // px, the widest of them
const textHeight = 14;

/** discBox is what a disc and its letters cover. */
export function discBox({ lat, lon, radius, label }: Disc, toScreen: ToScreen): Rect {
  const [x, y] = toScreen(lat, lon);
  const half = Math.max(radius, (label.length * letter) / 2) + 3;
  return { x: x - half, y: y - radius - 3, width: 2 * half, height: 2 * radius + textHeight + 6 };
}

/** labelled are the discs whose letters have room: those of larger ones go first. */
export function labelled(discs: readonly Disc[], toScreen: ToScreen): Set<Disc> {
  const written = new Map<Disc, Rect>();
  for (const disc of discs) {
    const box = labelBox(disc, toScreen);
    if (![...written.values()].some((other) => overlap(box, other))) written.set(disc, box);
  }
  return new Set(written.keys());
}

function labelBox({ lat, lon, radius, label }: Disc, toScreen: ToScreen): Rect {
  const [x, y] = toScreen(lat, lon);
  const width = label.length * letter + 4;
  return { x: x - width / 2, y: y + radius, width, height: textHeight };
}

/** drawDisc draws a disc that lets the spots under it be seen, with its letters below. */
export function drawDisc(context: CanvasRenderingContext2D, disc: Disc, toScreen: ToScreen, colours: Colours, withLabel: boolean): void {
  const [x, y] = toScreen(disc.lat, disc.lon);
  const [fill = colours.text, outline = colours.text] = [colours.palette[disc.colour], colours.palette[disc.outline]];
  context.beginPath();
  context.arc(x, y, disc.radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.globalAlpha = disc.hollow ? 0.1 : 0.3;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = outline;
  context.lineWidth = 1.5;
  context.setLineDash(disc.hollow ? [3, 3] : []);
  context.stroke();
  context.setLineDash([]);
  if (withLabel) write(context, disc.label, x, y + disc.radius + textHeight - 3, colours);
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
