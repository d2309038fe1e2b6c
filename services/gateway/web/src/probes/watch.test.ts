import { expect, test } from "vitest";
import { keepingOthers } from "./watch.ts";

test("who watches another country goes on watching a root server", () => {
  expect(keepingOthers({ watch: ["NL", "AS3320"] }, ["K", "NL"])).toEqual({ watch: ["K", "NL", "AS3320"] });
  expect(keepingOthers({ watch: [] }, ["NL", "K"])).toEqual({ watch: ["K"] });
  expect(keepingOthers({ zoom: "africa" }, ["K"])).toEqual({ zoom: "africa" });
});
