import { expect, test } from "vitest";
import { project, worldHeight, worldWidth } from "../src/map/project.ts";
import { countryPaths, projection } from "./outlines.ts";

test("the outlines and what is drawn on them are in one plane", () => {
  for (let lat = -90; lat <= 90; lat += 15)
    for (let lon = -179; lon <= 179; lon += 20) {
      const [x = NaN, y = NaN] = projection([lon, lat]) ?? [];
      const [left, top] = project(lat, lon);
      expect(Math.hypot(left - x, top - y), `${lat}, ${lon}`).toBeLessThan(worldWidth / 20_000);
    }
});

test("each country has an outline within the world", () => {
  const paths = countryPaths();
  expect(paths.length).toBeGreaterThan(170);
  for (const path of paths) {
    expect(path).toMatch(/^(M\d+ \d+(l-?\d+ -?\d+)+z)+$/);
    for (const [, x, y] of path.matchAll(/M(\d+) (\d+)/g))
      expect([Number(x) <= worldWidth, Number(y) <= worldHeight + 1]).toEqual([true, true]);
  }
});
