// Watches a country's probes on the page of probes: the counts, the map's words and the table follow the stream, an outage appears, is opened, marked and reported.
// The answers of the detector are scripted, as it would need minutes; everything else is the gateway's.
const assert = require("node:assert/strict");
const { goTo } = require("../goto.cjs");

exports.expected = ["/api/"]; // 503 until the gateway has read the log

const hostile = "<img src=x onerror=alert(1)>";

function outageOf(start, changes) {
  const unit = { kind: "country", name: "UG", start, lost: 12, of: 13, expected: 0.01, rate: 0.2, score: 24.3 };
  return {
    id: 5, revision: 1, kind: "outage", state: "provisional", flap: false, start, end: null, recovered50: null, recovered90: null, score: 24.3, lost: 12, of: 13,
    units: [unit], countries: [{ name: "UG", lost: 12 }], asns: [{ name: "AS20294", lost: 12 }],
    probes: Array.from({ length: 12 }, (_, i) => ({ id: i + 1, down: start, back: null })), ...changes,
  };
}

function answer(outages, changes) {
  return { from: 0, to: 1, log_offset: 1, registry: "x", silent_since: null, outages, read: { records: 0, bytes: 0, ms: 0 }, ...changes };
}

/** The newest answer counts; without one, not for a moment, the gateway's own would. */
async function answerWith(context, response) {
  await context.route("**/api/outages*", (route) => route.fulfill(response));
}

/** Has the gateway seem to know these outages. */
async function tell(context, list) {
  await answerWith(context, { contentType: "application/json", body: JSON.stringify(list) });
}

/** Looks at the page again, as one does after sleep: everything is asked for anew. */
async function lookAgain(page) {
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
}

/** Has the page seem to be hidden, or not: headless Chromium shows every page. */
async function hide(page, hidden) {
  await page.evaluate((hidden) => Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden }), hidden);
  await lookAgain(page);
}

const shows = (page, selector, text) =>
  page.waitForFunction(([selector, text]) => document.querySelector(selector)?.textContent.replace(/\s+/g, " ").includes(text), [selector, text]);

const trimmed = (texts) => texts.map((text) => text.replace(/\s+/g, " ").trim());

exports.run = async ({ page, context, url, ask, axe, screenshot }) => {
  await answerWith(context, { status: 404, body: "404 page not found" }); // a gateway without a detector
  await page.goto(`${url}/probes?watch=UG`);
  await shows(page, ".headline", "Now 31 of 34 connected");
  await shows(page, ".headline", "2 disconnected, 2 of them within the hour · 1 never connected or given up");
  await shows(page, ".outages", "Not known: this gateway looks for no outages");
  await shows(page, ".watch", "UG Uganda 13/13");
  await answerWith(context, { status: 503, headers: { "Retry-After": "1" }, contentType: "application/json", body: '{"error":"[unavailable] still reading"}' });
  await lookAgain(page);
  await shows(page, ".outages", "Not known yet");
  await tell(context, answer([]));
  await lookAgain(page);
  await shows(page, ".outages", "No outage in the last 24 h.");

  // The stream has it within moments, independently of the detector.
  const start = await ask("lose");
  await shows(page, ".headline", "Now 19 of 34 connected");
  await shows(page, ".watch", "UG Uganda 1/13 −12");
  assert.deepEqual(await page.locator(".units tbody tr:first-child > :is(th, .number)").allTextContents().then(trimmed), ["UG Uganda", "1/13", "8%", "−12"]);
  assert.match(await page.getAttribute(".map [role=img]", "aria-label"), /19 connected, 14 lost within the hour/);

  await tell(context, answer([outageOf(start)]));
  await lookAgain(page);
  await shows(page, ".outages tbody tr", "UG Uganda");
  await shows(page, ".outages tbody tr", "provisional on,");
  await shows(page, ".watch", "in an outage");
  await shows(page, ".outages [aria-live]", "Perhaps an outage of UG Uganda: 12 of 13 probes lost.");
  await page.waitForFunction(() => document.querySelector(".map [role=img]").getAttribute("aria-label").includes("12 probes away in outages"));

  // By key: to the row, and into it.
  await page.locator("h1").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await shows(page, "#opened-outage", "loses 0.2 an hour");
  assert.equal(new URL(page.url()).searchParams.get("open"), `5.${start}`);
  assert.equal(await page.locator("#opened-outage .probes tbody tr").count(), 12);
  const replay = new URL(await page.getAttribute("#opened-outage a:text-is('Replay')", "href"), url);
  const iso = (seconds) => new Date(seconds * 1000).toISOString().replace(/:00\.000Z$/, "Z").replace(/\.000Z$/, "Z");
  assert.equal(replay.pathname, "/replay");
  assert.deepEqual(
    ["sub", "from", "t", "view"].map((name) => replay.searchParams.get(name)),
    ['{"stream_type":"probestatus"}', iso(start - 300), iso(start), "probes"],
  );
  assert.match(await page.textContent(".ticket .text"), / UTC: 12 of 13 Atlas probes in UG lost their controller within 1 s; none back by /);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await context.route("**/api/probes", async (route) => { await released; await route.continue().catch(() => {}); });
  await page.goto(page.url());
  await shows(page, "#opened-outage", "loses 0.2 an hour"); // a link opens it as it was
  release();
  await shows(page, "#opened-outage .probes tbody tr", "UG"); // and has the probes' countries once they are known
  await context.unroute("**/api/probes");
  await shows(page, ".headline", "Now 19 of 34 connected"); // so the earlier events have arrived

  // While the user reads, the page does not move: what arrives meanwhile is counted, and shown afterwards.
  await page.keyboard.press(" ");
  await shows(page, "header .words", "paused, 0 waiting");
  await ask("return");
  await shows(page, "header .words", "paused, 4 waiting");
  await shows(page, ".headline", "Now 19 of 34 connected");
  await page.keyboard.press(" ");
  await shows(page, ".headline", "Now 23 of 34 connected");
  const over = outageOf(start, { revision: 2, state: "over", end: start + 50, recovered50: start + 50 });
  await tell(context, answer([over]));
  await lookAgain(page);
  await shows(page, ".outages tbody tr", "50 s");
  const results = new URL(await page.getAttribute("#opened-outage a:has-text('Check with results')", "href"), url);
  assert.equal(results.pathname, "/replay"); // as it is over
  assert.deepEqual(JSON.parse(results.searchParams.get("sub")).equalsTo.prb_id.length, 12);
  await page.click("text=Hide here");
  await shows(page, ".outages", "All outages are hidden.");
  await page.click("text=1 hidden");
  await page.click("text=Hide here");

  // No data does not mean no outages.
  await tell(context, answer([over], { silent_since: start }));
  await lookAgain(page);
  await shows(page, ".outages", "The feed is silent");
  await shows(page, "header .words", "live, silent for");

  // Hostile text is shown as text.
  await tell(context, answer([outageOf(start, { id: 6, units: [{ ...over.units[0], kind: "controller", name: hostile }], kind: "controller", countries: [{ name: hostile, lost: 1 }] })]));
  await lookAgain(page);
  await shows(page, ".outages tbody tr", `controller ${hostile}`);
  assert.equal(await page.locator("main img").count(), 0);

  await page.click("text=By network");
  await shows(page, ".units tbody", "AS3320");
  await page.fill("#watch-add", "Netherlands");
  await page.keyboard.press("Enter");
  await shows(page, ".watch", "neither a country (NL) nor a network (AS3320)");
  await page.fill("#watch-add", "as3320");
  await page.keyboard.press("Enter");
  await shows(page, ".watch", "AS3320 18/20");
  assert.equal(new URL(page.url()).searchParams.get("watch"), "UG,AS3320");

  // An outage that begins while the tab is hidden is counted in its title, and reported on return; the watch list has it on every page.
  await tell(context, answer([over]));
  await lookAgain(page);
  await shows(page, ".strip", "UG: no outage");
  await hide(page, true);
  await tell(context, answer([over, outageOf(start + 1, { id: 9 })]));
  await lookAgain(page); // which requests the list, as a timer would
  await page.waitForFunction(() => document.title === "(1) Probes – atlas-stream");
  await hide(page, false);
  await page.waitForFunction(() => document.title === "Probes – atlas-stream");
  await shows(page, ".outages", "1 new since you looked away");
  await page.locator(".outages tbody:not(.details tbody) > tr", { hasText: /UG Uganda\s*new/ }).waitFor();
  const parted = await page.locator(".outages tbody:not(.details tbody) > tr").allTextContents().then(trimmed);
  assert.match(parted[0], /UG Uganda new/);
  assert.match(parted[1], /^since you looked away \d\d:/);
  assert.match(parted[2], /UG Uganda/);
  await page.locator("h1").focus();
  await goTo(page, "e", "Explore");
  await shows(page, ".strip", "UG: outage, −12");
  await page.goBack();
  await shows(page, ".outages", "1 new since you looked away");
  await shows(page, "section.units tbody tr:first-child th", "AS3320"); // what is watched is first

  await page.click(".outages tbody button");
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1440]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await page.waitForSelector("figure canvas");
      assert.deepEqual(await axe(page), [], `${colorScheme}, ${width} px`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px: sideways`);
      await screenshot(page, `probes-${colorScheme}-${width}`);
    }
  }
  await page.goto(`${url}/probes?watch=UG&kiosk=1`);
  await shows(page, ".watch", "UG Uganda");
  assert.equal(await page.locator(".watch input, .units .star, nav, footer").count(), 0, "a wall has no controls");
};
