// Follows a link to a past outage, and one without an outage: the state at its start comes from the log, the rest is replayed; the outage is in the list, and a marker on the timeline.
// The answers of the detector are scripted, as it would need minutes; everything else is the gateway's.
const assert = require("node:assert/strict");

exports.expected = ["/api/"]; // 503 until the gateway has read the log

const iso = (seconds) => new Date(seconds * 1000).toISOString();

function outageOf(start) {
  const unit = { kind: "country", name: "UG", start, lost: 12, of: 13, expected: 0.01, rate: 0.2, score: 24.3 };
  return {
    id: 5, revision: 2, kind: "outage", state: "over", flap: false, start, end: start + 60, recovered50: null, recovered90: null, score: 24.3, lost: 12, of: 13,
    units: [unit], countries: [{ name: "UG", lost: 12 }], asns: [{ name: "AS20294", lost: 12 }],
    probes: Array.from({ length: 12 }, (_, i) => ({ id: i + 1, down: start, back: i < 4 ? start + 60 : null })),
  };
}

const shows = (page, selector, text) =>
  page.waitForFunction(([selector, text]) => document.querySelector(selector)?.textContent.replace(/\s+/g, " ").includes(text), [selector, text]);

const says = (page, words) => shows(page, "header .words", words);

/** A link that names the view alone is about the connections of the last hour, which the page finds as soon as the gateway answers. */
async function opensTheLastHour({ page, url }) {
  await page.goto(`${url}/replay`);
  await page.click("text=the connections of probes in the last hour");
  await says(page, "paused at");
  await shows(page, ".headline", "34 connected");
  assert.deepEqual(["sub", "view"].map((name) => new URL(page.url()).searchParams.get(name)), ['{"stream_type":"probestatus"}', "probes"]);
  await page.click("button:text-is('Table')");
  await shows(page, ".count", "0 connection events");
}

/** Another interval is another replay, which has to know where the probes are, too. */
async function showsAnotherInterval({ page }) {
  await page.press("[aria-label='End of the interval']", "Home");
  await page.waitForURL((address) => address.searchParams.get("t") === null);
  await says(page, "paused at");
  await shows(page, ".headline", "14 unknown");
}

exports.run = async ({ page, context, url, ask, axe, screenshot }) => {
  const start = await ask("when");
  const clock = (seconds) => iso(start + seconds).slice(11, 19);
  const link = `${url}/replay?sub={"stream_type":"probestatus"}&from=${iso(start - 30)}&to=${iso(start + 65)}&t=${iso(start)}&view=probes&watch=UG`;
  await context.route("**/api/outages*", (route) => route.fulfill({ status: 404, body: "404 page not found" })); // a gateway without a detector
  await page.goto(link);
  await shows(page, ".headline", "Now 20 of 34 connected");
  await shows(page, ".headline", "14 unknown"); // of which the log has nothing
  await says(page, "paused at");
  await shows(page, ".outages", "Not known: this gateway looks for no outages");
  assert.equal(new URL(page.url()).searchParams.get("view"), "probes");

  const asked = [];
  await context.unroute("**/api/outages*");
  await context.route("**/api/outages*", (route) => {
    asked.push(new URL(route.request().url()).searchParams);
    const body = { from: 0, to: 1, log_offset: 1, registry: "x", silent_since: null, outages: [outageOf(start)], read: { records: 0, bytes: 0, ms: 0 } };
    return route.fulfill({ contentType: "application/json", body: JSON.stringify(body) });
  });
  await page.goto(link.replace(/&t=[^&]*/, ""));
  await says(page, `paused at ${iso(start - 30).slice(0, 10)} ${clock(-30)}`);
  await shows(page, ".headline", "Now 20 of 34 connected");
  await shows(page, ".outages", "No outage up to this instant.");
  assert.ok(asked.some((query) => query.has("from") && query.has("to")), "the outages of the interval are asked for");

  await page.waitForSelector(".marker");
  await page.keyboard.press("]");
  await says(page, clock(0));
  await shows(page, ".outages tbody tr", "UG Uganda");
  // The focus stays after every jump.
  await page.focus("section.units button >> nth=0");
  const focused = await page.evaluateHandle(() => document.activeElement);
  await page.keyboard.press("[");
  await says(page, clock(-30));
  await shows(page, ".headline", "Now 20 of 34 connected");
  await page.keyboard.press("]");
  await says(page, clock(0));
  assert.ok(await focused.evaluate((element) => element === document.activeElement), "the focus is lost");
  await page.focus("h1");
  await page.keyboard.press("1");
  await page.keyboard.press(" ");
  await shows(page, ".headline", "Now 8 of 34 connected");
  await shows(page, ".watch", "UG Uganda 1/13 −12");
  await shows(page, ".watch", "in an outage");
  await page.keyboard.press("6");
  await shows(page, ".headline", "Now 12 of 34 connected");
  await says(page, "end of the interval");
  await shows(page, ".outages tbody tr", "1 min");

  await page.click("button:text-is('Table')");
  await shows(page, ".count", "connection events");
  await page.click("button:text-is('Probes')");
  await shows(page, ".headline", "Now 12 of 34 connected"); // at the end, too
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1440]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await axe(page), [], `${colorScheme}, ${width} px`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px: sideways`);
      await screenshot(page, `replay-probes-${colorScheme}-${width}`);
    }
  }
  await showsAnotherInterval({ page });
  await opensTheLastHour({ page, url });
};
