// Replays measurement 1768147 in March 2015, with the keyboard alone, and counts the results: 117 results between 00:08 and 02:00 of the 27th, 2,771 in all.
const assert = require("node:assert/strict");

const link = (rest) => `/replay?sub=${encodeURIComponent('{"msm":1768147}')}&${rest}`;
const night = "from=2015-03-26T23:30Z&to=2015-03-27T02:00Z&t=2015-03-27T00:08Z";

/** Waits for the exact words of the chip at the top. */
async function says(page, words) {
  await page.waitForFunction((words) => document.querySelector("header .words")?.textContent.startsWith(words), words);
}

async function counts(page, words) {
  await page.waitForFunction((words) => document.querySelector(".count")?.textContent.replace(/\s+/g, " ").trim().match(`^${words}`), words);
}

/** Gives the time of each row, the oldest first. */
function times(page) {
  return page.$$eval("tbody time", (cells) => cells.map((cell) => cell.dateTime).reverse());
}

/** Presses keys one right after the other: before anything that they bring about has happened. */
async function pressAtOnce(page, ...keys) {
  await page.evaluate((keys) => {
    for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }, keys);
}

/** Play and pause hold whatever the replay is doing at that moment; and what is not asked for moves nothing. */
async function keepsWhatWasClicked({ page, url }) {
  await page.goto(url + link(`${night}&view=instances`));
  await page.waitForSelector("text=this measurement's results, exact");
  await says(page, "paused at 2015-03-27 00:08:00");
  await pressAtOnce(page, " ", "ArrowRight", " "); // a pause while the results before the jump are loaded
  await says(page, "paused at 2015-03-27 00:08:10");
  await page.waitForSelector("button:text-is('Play')");
  await pressAtOnce(page, "ArrowRight", " ", "2");
  await says(page, "replaying 10×");
  await pressAtOnce(page, "3", " ");
  await says(page, "paused at");
  await page.waitForSelector("button:text-is('Play')");

  await page.goto(url + link(night));
  await says(page, "paused at 2015-03-27 00:08:00");
  await page.click("[aria-label='Start of the interval']", { position: { x: 20, y: 10 } });
  await page.click("[aria-label='End of the interval']", { position: { x: 3, y: 10 } });
  await says(page, "paused at 2015-03-27 00:08:00"); // a handle is not the timeline behind it
  await page.click("button:text-is('Play')");
  await says(page, "replaying 60×");
  const address = page.url();
  const steps = await page.evaluate(() => history.length);
  await page.press("input[placeholder='now']", "Enter"); // Show, with nothing changed
  await page.waitForSelector("[aria-label='Time that is shown']");
  await says(page, "replaying 60×");
  assert.deepEqual([page.url(), await page.evaluate(() => history.length)], [address, steps]);
  await counts(page, "\\d+ results from 2015-03-27 00:08:00 on");

  await page.hover("button:text-is('Pause')"); // the end is reached while the button is pressed
  await page.mouse.down();
  await page.keyboard.press("6");
  await says(page, "end of the interval");
  await page.mouse.up();
  await page.waitForSelector("button:text-is('Again')");
  await counts(page, "117 results");
  await says(page, "end of the interval");
}

const trimmed = (texts) => texts.map((text) => text.replace(/\s+/g, " ").trim());

/** Whoever plays before the measurement's description has come sees all there is as well. */
async function playsBeforeItIsDescribed({ page, context, url }) {
  let describe;
  const played = new Promise((resolve) => (describe = resolve));
  const isDescription = ({ pathname, searchParams }) => pathname.endsWith("/measurements/1768147") && searchParams.has("from");
  await context.route(isDescription, (route) => played.then(() => route.continue()), { times: 1 });
  await page.goto(url + link("from=2015-03-21T00:00Z&to=2015-03-28T00:00Z&view=instances"));
  await page.waitForSelector("button:text-is('Play')");
  await pressAtOnce(page, "6", " ");
  await page.waitForSelector("button:text-is('Pause')");
  describe();
  await says(page, "end of the interval");
}

/** Johannesburg lost its probes while nobody looked: that is a change over the gap, and no burst. */
async function showsWhatMoved({ page }) {
  await page.waitForFunction(() => document.querySelector(".view")?.textContent.replace(/\s+/g, " ").includes("2,771 results"));
  const results = await page.$$eval(".sites tbody tr", (rows) => rows.map((row) => [row.querySelector("bdi").textContent, row.cells[3].textContent.trim()]));
  assert.deepEqual(Object.fromEntries(results), { LHR: "1,251", JNB: "1,006", HKG: "214", AMS: "115", CDG: "109", FRA: "47", WAW: "24", SIN: "5" });
  await page.waitForSelector(".view >> text=0 bursts of moves");
  await page.waitForSelector("li.gap");
  const [gap, ...others] = trimmed(await page.locator("li.gap").allTextContents());
  assert.deepEqual(others, []);
  assert.match(gap, /^2015-03-21 23:23:47, then 2015-03-27 00:08:27–/);
  assert.match(gap, /42 probes left JNB: 27→LHR 9→HKG 5→AMS 1→WAW; 4 of 46 were not seen again/);
  const moves = trimmed(await page.locator("[aria-label='Single moves'] tbody tr").allTextContents());
  assert.equal(moves.length, 3, moves.join("; "));
  assert.match(moves[0], /SIN → LHR.*returned$/); // which is no move
  assert.match(moves[1], /^2015-03-21 09:12:47.*LHR → SIN/);
  assert.match(moves[2], /^2015-03-21 07:11:26.*LHR → JNB/);
}

/** What moved is worth going to, also once one has gone back to see it again; and from the replay one comes to the live page. */
async function marksWhatMoved({ page }) {
  const marker = ".marker[aria-label^='change over a gap: 42 probes left JNB, 2015-03-27 00:08:27']";
  await page.waitForSelector(marker);
  await page.click(marker);
  await says(page, "paused at 2015-03-27 00:08:27");
  await page.waitForSelector(marker);
  await page.click("main a:text-is('Live')");
  await page.waitForURL((address) => address.pathname === "/instances" && address.searchParams.get("sub") === '{"msm":1768147}');
}

async function startsWhereTheLogDoes({ page, url }) {
  await page.goto(url + link("from=1999-01-01&to=2015-03-28"));
  await says(page, "paused at 1999-01-01 00:00:00");
  await page.click("button:text-is('Play')");
  await page.waitForSelector("code:text-is('before_log')");
  await page.click("button:has-text('Start there: 2015-03-2')");
  await says(page, "paused at 2015-03-2");
  assert.match(new URL(page.url()).searchParams.get("from"), /^2015-03-2/);
  await page.click("button:text-is('Play')");
  await says(page, "replaying");
}

/** Explore links to the replay of results, and to none of metadata, of which there is none. */
async function isLinkedFromExplore({ page, url }) {
  const both = [{ msm: 1768147 }, { stream_type: "metadata" }].map((one) => `sub=${encodeURIComponent(JSON.stringify(one))}`);
  await page.goto(`${url}/?${both.join("&")}`);
  await page.click(".tab .name:has-text('1768147')");
  await page.waitForSelector("form a.replay");
  await page.click(".tab .name:has-text('metadata')");
  await page.waitForSelector("form a.replay", { state: "detached" });
}

/** A link without an interval is about the last hour: it is found as soon as the gateway can say it, and if it cannot, that is said. */
async function findsTheInterval({ page, context, url }) {
  const busy = { status: 503, contentType: "application/json", body: '{"error":"[unavailable] the log cannot be read"}' };
  await context.route("**/api/measurements/1768147", (route) => route.fulfill(busy));
  await page.goto(url + link("play=0"));
  await page.waitForSelector("main .error >> text=It is tried again.");
  await context.unroute("**/api/measurements/1768147");
  await says(page, "paused at 2015-03-2");
  assert.equal(await page.locator("main .error").count(), 0);
  await page.goto(url + link("play=0").replace("1768147", "4711"));
  await page.waitForSelector("main [role=alert] >> text=The log has no result of measurement 4711.");
}

exports.expected = ["/api/connections", "/api/outages", "/api/measurements/"]; // 503 until the gateway has read the log

exports.run = async ({ page, context, url, axe, screenshot }) => {
  await page.goto(url + link("from=2015-03-21T00:00Z&to=2015-03-28T00:00Z"));
  await page.waitForSelector("text=2,771 records: this measurement's results, exact");
  await page.$eval("main figure", (timeline) => (timeline.style.display = "none")); // without a width it must draw nothing invalid
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await page.$eval("main figure", (timeline) => (timeline.style.display = ""));
  await page.click("text=Show as table");
  const rows = await page.$$eval("figure table tbody td:last-child", (cells) => cells.map((cell) => Number(cell.textContent)));
  assert.equal(rows.reduce((sum, count) => sum + count, 0), 2771, "the table sums to what the sentence says");

  await page.goto(url + link(night));
  await says(page, "paused at 2015-03-27 00:08:00"); // a link does not start by itself
  await counts(page, "0 results from 2015-03-27 00:08:00 on");
  await page.keyboard.press("6"); // at the limit
  await page.keyboard.press(" ");
  await says(page, "end of the interval");
  await counts(page, "117 results");
  const all = await times(page);
  assert.equal(all.length, 117);
  assert.deepEqual(all, [...all].sort(), "in the order of their time");

  // The same with a pause and another speed in between: nothing is lost, nothing arrives twice.
  await page.goto(url + link(night));
  await says(page, "paused at 2015-03-27 00:08:00");
  await page.keyboard.press("2"); // 10×, which takes eleven minutes: it is not at its end before the next key
  await page.keyboard.press(" ");
  await page.waitForSelector("tbody time");
  await page.keyboard.press(" ");
  await says(page, "paused at 2015-03-27");
  await page.keyboard.press(" ");
  await says(page, "replaying 10×");
  await page.keyboard.press("6");
  await says(page, "end of the interval");
  await counts(page, "117 results from 2015-03-27 00:08:00 on");
  assert.deepEqual(await times(page), all);

  await page.focus("[aria-label='Time that is shown']");
  await page.keyboard.press("Home");
  await says(page, "paused at 2015-03-26 23:30:00");
  await page.focus("h1");
  await page.keyboard.press(" ");
  await says(page, "end of the interval");
  await counts(page, "117 results from 2015-03-26 23:30:00 on");
  assert.deepEqual(await times(page), all);

  await page.fill("input[placeholder^='2015']", "2015-03-28");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=the start must lie before the end");
  await page.fill("input[placeholder^='2015']", "yesterday");
  await page.keyboard.press("Enter");
  await page.waitForSelector('text=got "yesterday", want an ISO 8601 time');

  await keepsWhatWasClicked({ page, url });
  await startsWhereTheLogDoes({ page, url });
  await playsBeforeItIsDescribed({ page, context, url });
  await showsWhatMoved({ page });
  await marksWhatMoved({ page });
  await findsTheInterval({ page, context, url });
  await isLinkedFromExplore({ page, url });

  await page.goto(url + link(night));
  await page.waitForSelector("text=this measurement's results, exact");
  await page.keyboard.press("6");
  await page.keyboard.press(" ");
  await counts(page, "117 results");
  await page.locator("h1").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter"); // the newest row
  await page.waitForSelector("[aria-label='Record'] >> text=\"msm_id\": 1768147");
  assert.equal(await page.getAttribute("tbody tr:first-child button", "aria-expanded"), "true");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] >> text=show the row’s record");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "hidden" });
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1440]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await axe(page), [], `${colorScheme}, ${width} px`);
      await screenshot(page, `replay-${colorScheme}-${width}`);
    }
  }
};
