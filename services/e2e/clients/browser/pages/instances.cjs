// Watches the results of measurement 1768147 of March 2015 come in, which tell that Johannesburg lost its probes while nobody looked; looks at the letters of the root,
// of which one is refused; and gives tokens, with which a page has to ask anew.
const assert = require("node:assert/strict");

/** IPv4 and IPv6 side by side: what the one has, what the other, and how many probes reach the same site over both. */
async function comparesVersionsOfIP({ page, url, ask, axe, screenshot }) {
  await page.goto(`${url}/instances`);
  await shows(page, "header .words", "live");
  await page.click("label:text-is('v6')");
  await page.waitForURL((address) => address.searchParams.get("sub") === '{"msm":11301}');
  await shows(page, ".what", "The registry does not know measurement 11301.");
  await page.click("label:text-is('both')");
  await page.waitForURL((address) => address.searchParams.getAll("sub").join() === '{"msm":10301},{"msm":11301}');
  await shows(page, "h2", "IPv4 10301");
  await shows(page, "h2", "IPv6 11301");
  await shows(page, "header .words", "live");
  await page.waitForFunction(() => document.querySelectorAll(".view").length === 2);
  await ask("deliverBoth"); // two of three probes reach the same site
  await shows(page, ".families", "2 of 3 probes that have an answer over both reach the same site.");
  const rows = await page.$$eval(".families tbody tr", (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
  assert.deepEqual(rows, [
    ["AMS", "2", "1", "10.0", "40.0", "–", "–"],
    ["LHR", "1", "2", "10.0", "40.0", "–", "–"],
  ]);
  assert.equal(await page.locator(".families .worse").count(), 2); // over IPv6 both are slower
  await page.click(".families button:has-text('LHR')");
  await page.waitForFunction(() => document.querySelectorAll("[aria-label^='What is open']").length === 2);
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1440]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await axe(page), [], `${colorScheme}, ${width} px`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px: sideways`);
      await screenshot(page, `instances-both-${colorScheme}-${width}`);
    }
  }
  await page.selectOption(".picker select", "F");
  await page.waitForURL((address) => address.searchParams.getAll("sub").join() === '{"msm":10304},{"msm":11304}');
  await page.goto(`${page.url()}&kiosk=1`);
  await shows(page, "header .words", "live");
  await page.waitForSelector(".view");
  assert.equal(await page.locator("form, main input, .bucket, nav, footer").count(), 0, "a wall has no controls");
}

exports.expected = ["/api/"]; // refused for the token

const shows = (page, selector, text) =>
  page.waitForFunction(([selector, text]) => [...document.querySelectorAll(selector)].some((one) => one.textContent.replace(/\s+/g, " ").includes(text)), [selector, text]);

const trimmed = (texts) => texts.map((text) => text.replace(/\s+/g, " ").trim());

/** The colour of each site in the table. */
const colours = (page) => page.$$eval(".sites tbody tr", (rows) => Object.fromEntries(rows.map((row) => [row.querySelector("bdi").textContent, row.querySelector("circle").getAttribute("fill")])));

async function give(page, token) {
  await page.click("[aria-haspopup=dialog][title=Token]");
  await page.fill("#token-value", token);
  await page.keyboard.press("Enter");
}

exports.run = async ({ page, url, ask, axe, screenshot }) => {
  await page.goto(`${url}/instances?sub=${encodeURIComponent('{"msm":1768147}')}`);
  await shows(page, "header .words", "live");
  await page.click("text=Watch their timeouts");
  await shows(page, ".refused", "unknown_measurement");
  const since = await page.textContent("section:has(#letters-title) time");
  await ask("deliver");
  await shows(page, ".view", "2,771 results");
  const results = await page.$$eval(".sites tbody tr", (rows) => rows.map((row) => [row.querySelector("bdi").textContent, row.querySelectorAll("td")[2].textContent.trim()]));
  assert.deepEqual(Object.fromEntries(results), { LHR: "1,251", JNB: "1,006", HKG: "214", AMS: "115", CDG: "109", FRA: "47", WAW: "24", SIN: "5" });
  await shows(page, ".view", "0 bursts of moves");
  await page.waitForSelector("li.gap");
  const [gap, ...others] = trimmed(await page.locator("li.gap").allTextContents());
  assert.deepEqual(others, []);
  assert.match(gap, /^2015-03-21 23:23:47, then 2015-03-27 00:08:27–/);
  assert.match(gap, /42 probes left JNB: 27→LHR 9→HKG 5→AMS 1→WAW; 4 of 46 were not seen again/);
  const moves = trimmed(await page.locator("[aria-label='Single moves'] tbody tr td:nth-child(3)").allTextContents());
  assert.deepEqual(moves, ["SIN → LHR", "LHR → SIN", "LHR → JNB"]); // the first has returned

  // A site keeps its colour whatever is clicked, and the link has it.
  const before = await colours(page);
  await page.waitForFunction(() => new URL(location.href).searchParams.get("sites")?.split(",").length === 8);
  const sites = new URL(page.url()).searchParams.get("sites");
  assert.deepEqual(sites.split(",").sort(), Object.keys(before).sort());
  await page.click(".sites tbody button >> nth=3");
  await page.click("label:text-is('round trip')");
  await page.click("label:text-is('site')");
  assert.deepEqual(await colours(page), before);
  assert.equal(new URL(page.url()).searchParams.get("sites"), sites);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await axe(page), [], colorScheme);
    await screenshot(page, `instances-${colorScheme}-1440`);
  }

  // The series of the letters continue when another measurement is selected.
  await page.selectOption(".picker select", "K");
  await page.waitForURL(/10301/);
  await shows(page, "header .words", "live");
  assert.equal(await page.textContent("section:has(#letters-title) time"), since);

  await comparesVersionsOfIP({ page, url, ask, axe, screenshot });

  // With a token the pages start over, and do not show it anywhere.
  for (const path of ["/instances", "/probes"]) {
    await page.goto(url + path);
    await shows(page, "header .words", "live");
    const asked = page.waitForRequest((request) => request.url().endsWith("/api/probes") && request.headers()["authorization"] === "Bearer s3cret-of-mine");
    await give(page, "s3cret-of-mine");
    await asked;
    await shows(page, "header .words", "refused: invalid_token");
    await give(page, "");
    await shows(page, "header .words", "live");
  }
  await page.goto(`${url}/?sub=${encodeURIComponent('{"msm":1768147}')}`);
  await shows(page, "header .words", "live");
  await page.click("summary:has-text('Wire')");
  await give(page, "s3cret-of-mine");
  await shows(page, "header .words", "refused: invalid_token");
  await shows(page, ".frames td", "[invalid_token]");
  assert.ok(!(await page.content()).includes("s3cret"), "the token is shown");
};
