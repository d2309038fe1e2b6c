// Opens what a gateway does not have or refuses, and checks what the pages say about it and what to do. ["history"] returns who may replay.
const assert = require("node:assert/strict");

exports.expected = ["/api/"]; // of what is refused

const link = (path, parameters) => `${path}?sub=${encodeURIComponent(JSON.stringify(parameters))}`;
const says = (page, words) => page.waitForFunction((words) => document.querySelector("header .words")?.textContent.match(words), words);
const shows = (page, selector, text) =>
  page.waitForFunction(([selector, text]) => [...document.querySelectorAll(selector)].some((one) => one.textContent.replace(/\s+/g, " ").includes(text)), [selector, text]);

async function give(page, token) {
  await page.click("[aria-haspopup=dialog][title=Token]");
  await page.fill("#token-value", token);
  await page.keyboard.press("Enter");
}

const interval = "&from=2015-03-27T23:00Z&to=2015-03-28T00:00Z";

async function withoutReplays(page, url) {
  await page.goto(url + link("/replay", { msm: 9001 }) + interval);
  await shows(page, ".card", "This gateway replays nothing (--history off).");
  await page.goto(url + link("/", { msm: 9003 }));
  await shows(page, ".note", "This measurement stopped on 2015-03-28 00:00:00.");
  assert.equal(await page.locator(".note a").count(), 0, "a remedy that there is not");
}

async function withToken(page, url) {
  await page.goto(url + link("/replay", { msm: 9003 }) + interval);
  await shows(page, ".card", "Replaying the past needs a token of the role history");
  await give(page, "of nobody");
  await shows(page, ".strip", "invalid_token");
  await give(page, "of-a-reader-of-the-past");
  await says(page, "^paused at 2015-03-27 23:00:00");
  await page.goto(url + link("/", { msm: 9003 }));
  await shows(page, ".note", "This measurement stopped on 2015-03-28 00:00:00.");
  await page.click(".note a:text-is('Replay its last hour')");
  await says(page, "^paused at 2015-03-27 23:00:00");

  await page.goto(url + link("/", { msm: 9002 }));
  await says(page, "^live");
  await give(page, "");
  await shows(page, ".error code", "unknown_measurement");
  await shows(page, ".error", "If the measurement is not public, give a token of the role non-public (key at the top).");
  await page.goto(url + link("/instances", { msm: 9002 }));
  await says(page, "^refused: unknown_measurement");
  await page.goto(url + link("/replay", { msm: 9002 }) + interval);
  await shows(page, ".card", "needs a token of the role history");
}

/** What takes its time to be known to be nothing. */
async function nothing(page, url, context) {
  const filtered = await context.newPage();
  await page.goto(url + link("/", { msm: 424242 }));
  await filtered.goto(url + link("/", { msm: 9001, prb: 5 }));
  await says(page, "^live");
  await shows(page, ".empty", "Nothing has come yet.");
  await shows(page, ".note", "and the registry knows no measurement 424242. Is it the right ID?");
  await says(page, "^live, silent for");
  await shows(filtered, ".note", "The filter has matched nothing");
  await filtered.click("text=Look without the filter");
  await shows(filtered, ".note", "nothing came in 15 s either: it is not the filter.");
}

exports.run = async ({ page, context, url, ask }) => {
  if ((await ask("history")) === "off") {
    await withoutReplays(page, url);
    await nothing(page, url, context);
  } else {
    await withToken(page, url);
  }
};
