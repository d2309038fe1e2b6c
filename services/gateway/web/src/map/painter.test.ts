import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Painter, type Colours } from "./painter.ts";
import { Scene } from "./scene.ts";

const size = { width: 100, height: 100 };
const view = { scale: 1, x: 0, y: 0 };
const colours: Colours = { sea: "", land: "", border: "", ring: "", text: "", ground: "", palette: [] };

/** A context that draws nothing, and tells what is called. */
function contextOf(canvas: object, called: string[] = []) {
  return new Proxy({ canvas } as Record<string, unknown>, {
    get: (own, name: string) => own[name] ?? (() => void called.push(name)),
  });
}

class Canvas {
  getContext() {
    return contextOf(this);
  }
}

beforeEach(() => {
  vi.stubGlobal("OffscreenCanvas", Canvas);
  vi.stubGlobal("devicePixelRatio", 1);
});
afterEach(() => vi.unstubAllGlobals());

/** A painter of one spot. `drawn` changes the colour of the spot, and tells whether the painter then draws. */
function painterOfSpot() {
  const called: string[] = [];
  const canvas = { getContext: () => contextOf(canvas, called) };
  const scene = new Scene();
  scene.place([{ id: 1, lat: 0, lon: 0 }], () => ({ colour: 0 }));
  const painter = new Painter(canvas as unknown as HTMLCanvasElement, scene, colours);
  const drawn = (colour: number) => {
    called.length = 0;
    scene.set(1, { colour });
    painter.draw(0, true);
    return called.includes("drawImage");
  };
  return { painter, drawn };
}

test("a map that is moved stays where it is moved to until it is drawn there, whatever changes", async () => {
  const { painter, drawn } = painterOfSpot();
  await painter.layOut(size, view, colours, []);
  expect(drawn(1)).toBe(true);
  painter.shift({ ...view, x: 10 });
  expect(drawn(2)).toBe(false);
  await painter.layOut(size, { ...view, x: 10 }, colours, []);
  expect(drawn(3)).toBe(true);
});

test("a layout that is under way when the map is moved does not move it back", async () => {
  const { painter, drawn } = painterOfSpot();
  const country = {} as Path2D;
  await painter.layOut(size, view, colours, [country]);
  const underWay = painter.layOut(size, view, colours, [country]);
  painter.shift({ ...view, x: 10 });
  expect(await underWay).toBe(false);
  expect(drawn(1)).toBe(false);
});
