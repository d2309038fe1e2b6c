import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { distance } from "./geo.ts";
import { letterOf, letters } from "./letters.ts";
import { namingOf } from "./naming.ts";
import { parsePlaces } from "./places.ts";
import { places } from "./realdata.ts";
import { Sites } from "./sites.ts";

const simulator = "../../../../simulator/";
const read = (file: string) => readFileSync(new URL(simulator + file, import.meta.url), "utf8");

test("the first places are those of the simulator", () => {
  const rows = [...read("cities.go").matchAll(/\{"(\w+)", "(\w+)", "([^"]+)", "(\w+)", "[^"]+", ([-\d.]+), ([-\d.]+), \d+\}/g)];
  const wanted = rows.map(([, airport, locode, name, country, lat, lon]) => ({
    airport,
    locode,
    country,
    lat: Number(lat),
    lon: Number(lon),
    name,
  }));
  expect(places.slice(0, wanted.length)).toEqual(wanted);
});

test("each place is told once, has a position, a source and a licence", () => {
  expect(new Set(places.map(({ airport }) => airport)).size).toBe(places.length);
  for (const { airport, locode, country, lat, lon, name } of places) {
    expect([airport, locode, country, name]).toEqual([
      expect.stringMatching(/^[A-Z]{3}$/),
      expect.stringMatching(/^[a-z]{3}$/),
      expect.stringMatching(/^[A-Z]{2}$/),
      expect.stringMatching(/./),
    ]);
    expect(Math.abs(lat) <= 90 && Math.abs(lon) <= 180).toBe(true);
  }
  const sections = readFileSync(new URL("places.txt", import.meta.url), "utf8")
    .split(/(?=^# source: )/m)
    .slice(1);
  for (const section of sections) expect(section).toMatch(/^# source: .+\n# licence: .+\n[A-Z]{3} /);
  expect(sections.flatMap(parsePlaces)).toEqual(places);
});

test("the measurements of the letters are the simulator's", () => {
  const rows = [...read("rootservers.go").matchAll(/\{"([A-M])", (\d+), "/g)].map(([, letter, measurement]) => [
    letter,
    Number(measurement),
  ]);
  expect(letters.map(({ letter, v4 }) => [letter, v4])).toEqual(rows.sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1)));
});

test.each([
  ["A", "nnn1-lon3", "LHR"],
  ["B", "b2-lax", "LAX"],
  ["C", "fra1a.c.root-servers.org", "FRA"],
  ["D", "amnl1.droot.maxgigapop.net", "AMS"],
  ["E", "p01.jnb.eroot", undefined],
  ["E", "p02.cpt.eroot", "CPT"],
  ["F", "ams1b.f.root-servers.org", "AMS"],
  ["F", "fra.cf.f.root-servers.org", "FRA"],
  ["G", "g.root-servers-chi-1.net", "ORD"],
  ["H", "001.iad.h.root-servers.org", "IAD"],
  ["I", "s1.sto", "ARN"],
  ["J", "rootns2-elkbp3", "KBP"],
  ["K", "ns1.nl-ams.k.ripe.net", "AMS"],
  ["K", "NS1.GB-LON.K.RIPE.NET", "LHR"],
  ["L", "de-fra-ab", "FRA"],
  ["M", "M-CDG-1", "CDG"],
  [null, "JNB", "JNB"],
  [null, "ns2.fi-hel.k.ripe.net", "HEL"],
])("%s: %s stands at %s", (letter, name, airport) => {
  if (airport) expect(namingOf(name, letter, places)?.places[0]?.airport).toBe(airport);
  else expect(namingOf(name, letter, places)?.code).toBe("JNB");
});

test("two instances of a site are one site, in whatever case they answer", () => {
  const sites = new Sites("K", places);
  expect(sites.of("ns1.nl-ams.k.ripe.net")).toBe(sites.of("NS2.nl-ams.k.ripe.net"));
});

test("a name that the operator gives to no instance is not expected, and is a site of its own", () => {
  expect(new Sites("K", places).of("dnsmasq-2.80")).toMatchObject({
    code: "dnsmasq-2.80",
    expected: false,
    origin: "unknown",
    point: null,
  });
  expect(new Sites(null, places).of("dnsmasq-2.80")).toMatchObject({ expected: true });
});

test("a place that was given goes before the table", () => {
  expect(new Sites(null, places, { JNB: [28.246, -26.139] }).of("JNB")).toMatchObject({
    origin: "given",
    point: { lon: 28.246, lat: -26.139 },
  });
});

test("where the name says nothing, the fastest probes do, if they are near", () => {
  const sites = new Sites(null, places);
  const site = sites.of("xyz-4711");
  sites.locate(site, [{ lat: 52, lon: 5, rtt: 200 }]);
  expect(site).toMatchObject({ origin: "unknown", point: null });
  const around = [52.1, 52.2, 52.3, 52.4, 52.5].map((lat, i) => ({ lat, lon: 4.9, rtt: 1 + i }));
  sites.locate(site, [...around, { lat: 40, lon: -3, rtt: 28 }]);
  expect(site.origin).toBe("estimated");
  expect(distance(site.point ?? { lat: 0, lon: 0 }, { lat: 52.3, lon: 4.9 })).toBeLessThan(5);
});

test("of places that a name may mean, the probes' round trips tell the right one", () => {
  const sites = new Sites("I", places);
  const site = sites.of("s1.hon"); // Honolulu, or Hong Kong
  expect(site).toMatchObject({ code: "HON", title: "Honolulu" });
  sites.locate(
    site,
    [22.3, 22.4, 22.5].map((lat) => ({ lat, lon: 114.1, rtt: 3 })),
  );
  expect(site).toMatchObject({ title: "Hong Kong", origin: "table" });
});

test("somebody in between may answer whatever comes to its mind: names are bounded", () => {
  const sites = new Sites("K", places);
  for (let i = 0; i < 5_000; i++) sites.of(`made up ${i}`);
  expect([sites.of("one more").code, sites.knows("one more"), sites.knows("made up 7")]).toEqual(["other names", false, true]);
});

test("letters are known by the measurement or its target", () => {
  expect([letterOf(10301), letterOf(11301), letterOf(5, "F.root-servers.net"), letterOf(1768147, "173.245.58.117")]).toEqual([
    "K",
    "K",
    "F",
    null,
  ]);
});
