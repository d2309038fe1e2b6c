// Watches the results of measurement 1768147 of March 2015 come in, which tell that Johannesburg lost its probes while nobody looked; looks at the letters of the root,
// of which one is refused; and gives tokens, with which a page has to ask anew.
const assert = require("node:assert/strict");

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

  // A site keeps its colour, whatever is clicked, and has it in the link.
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

  // The letters' series go on when another measurement is looked at.
  await page.selectOption(".picker select", "K");
  await page.waitForURL(/10301/);
  await shows(page, "header .words", "live");
  assert.equal(await page.textContent("section:has(#letters-title) time"), since);

  // With a token pages begin anew, and show it nowhere.
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
