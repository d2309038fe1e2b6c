import { expect, test, vi } from "vitest";
import type { Measurement } from "../../api/types.ts";
import { familiesOf, namesOf, twinOf } from "./twin.ts";

const measurement = (id: number, af: number, description: string): Measurement => ({
  ...{ id, af, description, type: "dns", target: "ns1.example.net", interval: 240, participants: 5, status: null },
  ...{ stopped: false, public: true, start: null, stop: null, source: "registry", rate: null },
});
const known = measurement(5000, 4, "hostname.bind of ns1 over IPv4");

function twin(id: number, known: Measurement | null, ...found: Measurement[]) {
  const measurements = vi.fn(async () => ({
    measurements: found,
    next: null,
    quality: "exact" as const,
    read: { records: 0, bytes: 0, ms: 0 },
  }));
  return { asked: measurements, twin: twinOf(id, known, { measurements }, new AbortController().signal) };
}

test("the letters of the root have theirs without a question", async () => {
  const { asked, twin: found } = twin(10301, null);
  expect(await found).toBe(11301);
  expect(await twin(11310, null).twin).toBe(10310);
  expect(asked).not.toHaveBeenCalled();
});

test("others have the only one that the registry describes alike", async () => {
  const alike = measurement(5001, 6, "hostname.bind of ns1 over IPv6");
  const { asked, twin: found } = twin(5000, known, measurement(5002, 6, "SOA of ns1 over IPv6"), alike);
  expect(await found).toBe(5001);
  expect(asked).toHaveBeenCalledWith({ q: "ns1.example.net", type: "dns", af: 6, limit: 500 }, expect.anything());
  expect(await twin(5000, known, alike, { ...alike, id: 5003 }).twin).toBeNull();
  expect(await twin(5000, known, { ...alike, target: "ns1.example.net.au" }).twin).toBeNull();
  expect(await twin(5000, null, alike).twin).toBeNull();
});

test("two side by side are one over IPv4 and one over IPv6 in whichever order, or no choice of the version of IP", () => {
  const families = (...ids: number[]) => familiesOf(ids.map((measurement) => ({ measurement, info: measurement === 5000 ? known : null })));
  expect(families(11301, 10301)).toEqual([10301, 11301]);
  expect(families(11301, 5000)).toEqual([5000, 11301]);
  expect(families(10301, 10304)).toBeUndefined();
  expect(families(5001, 10304)).toBeUndefined();
});

test("two side by side are told from each other by their version of IP, or by their IDs", () => {
  const names = (...ids: number[]) => namesOf(ids.map((measurement) => ({ measurement, info: measurement === 5000 ? known : null })));
  expect(names(10301, 11301)).toEqual(["IPv4", "IPv6"]);
  expect(names(5000, 11301)).toEqual(["IPv4", "IPv6"]);
  expect(names(10301, 10304)).toEqual(["10301", "10304"]);
  expect(names(5000, 5001)).toEqual(["5000", "5001"]);
});
