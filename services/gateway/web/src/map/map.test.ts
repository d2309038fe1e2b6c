import { expect, test } from "vitest";
import { Dirty } from "./dirty.ts";
import { labelled } from "./discs.ts";
import { Grid, overlap } from "./grid.ts";
import { project, worldHeight, worldWidth } from "./project.ts";
import { isRegion, regions, viewOf, type Region } from "./regions.ts";
import { Scene } from "./scene.ts";
import { fit, pan, worldView, zoom } from "./view.ts";

const size = { width: 1600, height: 800 };
const kmPerUnit = 34_500 / worldWidth;

/** Numbers that look random and are the same each time. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

test("the grid finds what a look at all points finds", () => {
  const random = numbers(1);
  const next = () => random.next().value as number;
  const xs = Float32Array.from({ length: 2_000 }, () => next() * 1700 - 50);
  const ys = Float32Array.from({ length: 2_000 }, () => next() * 900 - 50);
  const grid = new Grid(xs, ys, 1600, 800);
  for (let i = 0; i < 200; i++) {
    const [x, y] = [next() * 1600, next() * 800];
    const near = [...xs.keys()].filter((point) => Math.abs((xs[point] ?? 0) - x) <= 20 && Math.abs((ys[point] ?? 0) - y) <= 20);
    expect(grid.within({ x: x - 20, y: y - 20, width: 40, height: 40 })).toEqual(near);
    const distance = (point: number) => Math.hypot((xs[point] ?? 0) - x, (ys[point] ?? 0) - y);
    const nearest = near.filter((point) => distance(point) <= 20).sort((a, b) => distance(a) - distance(b))[0];
    expect(grid.nearest(x, y, 20)).toBe(nearest);
  }
});

test("of points in one place the one on top is found, and points without a place never", () => {
  const grid = new Grid(Float32Array.of(5, 5, NaN), Float32Array.of(5, 5, NaN), 100, 100);
  expect([grid.nearest(6, 6, 8), grid.within({ x: 0, y: 0, width: 100, height: 100 })]).toEqual([1, [0, 1]]);
});

test("what is dirty close together is one rectangle, so that many pulses are few copies", () => {
  const dirty = new Dirty(1600, 800);
  for (let n = 0; n < 300; n++) dirty.add({ x: 800 + (n % 100), y: 300 + (n % 50), width: 30, height: 30 });
  const rects = dirty.take();
  const isIn = (x: number, y: number) => rects.some((rect) => overlap(rect, { x, y, width: 1, height: 1 }));
  expect(rects.length).toBeLessThanOrEqual(6);
  expect([isIn(800, 300), isIn(928, 378), isIn(770, 300)]).toEqual([true, true, false]);
});

test("what is dirty is told once, and much of it is all", () => {
  const dirty = new Dirty(100, 100);
  dirty.add({ x: 10, y: 10, width: 5, height: 5 });
  dirty.add({ x: 200, y: 10, width: 5, height: 5 }); // beside the map
  expect([dirty.take(), dirty.take(), dirty.isEmpty]).toEqual([[{ x: 10, y: 10, width: 5, height: 5 }], [], true]);
  dirty.add({ x: 0, y: 0, width: 90, height: 90 });
  expect(dirty.take()).toEqual([{ x: 0, y: 0, width: 100, height: 100 }]);
});

test("a view that fits shows all points with room around", () => {
  const points = [project(-33.9, 18.4), project(37, 10), project(-1.3, 36.8)];
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const view = fit(xs, ys, size);
  for (const [x, y] of points) {
    expect(x * view.scale + view.x).toBeGreaterThanOrEqual(23.9);
    expect(x * view.scale + view.x).toBeLessThanOrEqual(1576.1);
    expect(y * view.scale + view.y).toBeGreaterThanOrEqual(23.9);
    expect(y * view.scale + view.y).toBeLessThanOrEqual(776.1);
  }
  expect(view.scale).toBeGreaterThan(worldView(size).scale);
});

test("one point alone does not fill the map, and none is the world", () => {
  const [x, y] = project(52, 5);
  expect((size.height / fit([x], [y], size).scale) * kmPerUnit).toBeGreaterThan(500);
  expect(fit([], [], size)).toEqual(worldView(size));
});

test("zooming keeps the place that it is done at, and has its bounds", () => {
  const view = worldView(size);
  const near = zoom(view, 2, [800, 300], size);
  expect([(800 - near.x) / near.scale, (300 - near.y) / near.scale]).toEqual([
    expect.closeTo((800 - view.x) / view.scale, 6),
    expect.closeTo((300 - view.y) / view.scale, 6),
  ]);
  expect((size.width / zoom(view, 1e9, [800, 400], size).scale) * kmPerUnit).toBeCloseTo(100); // across
  expect(zoom(view, 1e-9, [800, 400], size).scale).toBeGreaterThan(0.5 * view.scale);
});

test("the world cannot be moved out of sight", () => {
  const { scale, x, y } = pan(worldView(size), 1e6, -1e6, size);
  expect([x <= 800, y + worldHeight * scale >= 400 - 1e-6]).toEqual([true, true]);
});

test("the world is as wide as it is said to be", () => {
  expect([project(0, -180)[0], project(0, 180)[0]]).toEqual([expect.closeTo(0), expect.closeTo(worldWidth)]);
});

test("each part of the world that has a name can be shown", () => {
  for (const region of Object.keys(regions) as Region[]) expect(viewOf(region, new Scene(), size).scale).toBeGreaterThan(0);
  expect([isRegion("africa"), isRegion("toString"), isRegion(undefined)]).toEqual([true, false, false]);
});

test("a scene tells what has changed once, and nothing that has not", () => {
  const scene = new Scene();
  let told = 0;
  const unwatch = scene.watch(() => told++);
  const spots = [
    { id: 7, lat: 52, lon: 5 },
    { id: 8, lat: NaN, lon: 5 },
    { id: 9, lat: -26, lon: 28 },
  ];
  scene.place(spots, () => ({ colour: 1 }));
  expect([scene.size, scene.takeChanges().spots, scene.idOf(1)]).toEqual([2, true, 9]);
  scene.set(9, { colour: 1 });
  scene.set(8, { colour: 2 });
  expect(told).toBe(1);
  scene.set(9, { colour: 3, hollow: true, ring: true });
  expect([scene.takeChanges(), scene.lookOf(1)]).toEqual([
    { spots: false, looks: [1], overlay: false, pulses: [] },
    { colour: 3, hollow: true, ring: true },
  ]);
  unwatch();
  scene.pulse(7);
  expect([told, scene.takeChanges().pulses]).toEqual([2, [0]]);
});

test("changes of a map that is not seen do not heap up", () => {
  const scene = new Scene();
  scene.place([{ id: 1, lat: 0, lon: 0 }], () => ({ colour: 0 }));
  scene.takeChanges();
  for (let i = 0; i < 1_000; i++) {
    scene.set(1, { colour: i % 8 });
    scene.pulse(1);
  }
  const { spots, looks, pulses } = scene.takeChanges();
  expect([spots, looks.length <= 1, pulses.length]).toEqual([true, true, 300]);
});

test("letters of a disc are left out where those of a larger one are", () => {
  const disc = (key: string, lon: number, radius: number) => ({ key, lat: 0, lon, radius, colour: 0, outline: 0, label: key });
  const discs = [disc("AMS", 0, 20), disc("RTM", 1, 20), disc("SYD", 100, 5)];
  const toScreen = (lat: number, lon: number) => [lon * 10, lat] as const;
  expect([...labelled(discs, toScreen)].map(({ key }) => key)).toEqual(["AMS", "SYD"]);
});

test("spots are drawn anew if they look otherwise than before, and no others", () => {
  const scene = new Scene();
  const spots = Array.from({ length: 10 }, (_, id) => ({ id, lat: id, lon: id }));
  scene.place(spots, () => ({ colour: 0 }));
  scene.takeChanges();
  let told = 0;
  scene.watch(() => told++);
  scene.restyle(() => ({ colour: 0 }));
  expect([told, scene.takeChanges()]).toEqual([0, { spots: false, looks: [], overlay: false, pulses: [] }]);
  scene.restyle((id) => ({ colour: id === 3 || id === 7 ? 1 : 0 }));
  expect(scene.takeChanges()).toMatchObject({ spots: false, looks: [3, 7] });
  scene.restyle(() => ({ colour: 2 }));
  expect(scene.takeChanges()).toMatchObject({ spots: true, looks: [] }); // it is less work to draw all
  expect(scene.lookOf(9).colour).toBe(2);
});
