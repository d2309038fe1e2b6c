import { expect, test } from "vitest";
import { Sorting } from "./sorting.svelte.ts";

test("a head sorts by its column, then the other way round, then as usual", () => {
  const sorting = new Sorting<"urgency" | "name" | "lost">({ by: "urgency", down: false }, ["name"]);
  const pressed = (column: "name" | "lost") => {
    sorting.press(column);
    return [sorting.order.by, sorting.of(column)];
  };
  expect([pressed("lost"), pressed("lost"), pressed("lost")]).toEqual([
    ["lost", "descending"],
    ["lost", "ascending"],
    ["urgency", undefined],
  ]);
  expect([pressed("lost"), pressed("name")]).toEqual([
    ["lost", "descending"],
    ["name", "ascending"],
  ]);
});
