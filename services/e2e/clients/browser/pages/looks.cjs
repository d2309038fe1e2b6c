// Takes a screenshot of every page of a network with outages, in both themes and at three widths, for a person to look at. It fails if a page is wider than the screen
// or a text of a control is truncated.
const assert = require("node:assert/strict");

exports.expected = ["/api/"]; // 503 until the gateway has read the log

const link = (path, parameters) => `${path}?${new URLSearchParams(parameters)}`;
const sub = (...parameters) => parameters.map((one) => ["sub", JSON.stringify(one)]);
const iso = (seconds) => new Date(Math.floor(seconds) * 1000).toISOString();

const arrived = (page, title) => page.waitForFunction((title) => document.querySelector("main h1")?.textContent === title, title);
const says = (page, words) => page.waitForFunction((words) => document.querySelector("header .words")?.textContent.match(words), words);

async function outageToOpen(page, url) {
  const { outages } = await page.evaluate((address) => fetch(address).then((answer) => answer.json()), `${url}/api/outages`);
  const [largest] = outages.toSorted((a, b) => Number(b.end === null) - Number(a.end === null) || b.lost - a.lost);
  return largest && `${largest.id}.${largest.start}`;
}

async function openExplore(page, url) {
  await page.goto(url + link("/", sub({ msm: 1001 }, { msm: 10301 }, { msm: 5001 })));
  await arrived(page, "Explore");
  await page.waitForSelector("tbody tr:not(.space, .divider)");
  await page.waitForFunction(() => document.querySelector(".charts")?.textContent.includes("A median"));
}

async function openReplay(page, url) {
  const now = Date.now() / 1000;
  await page.goto(url + link("/replay", [...sub({ msm: 10301 }), ["from", iso(now - 7200)], ["to", iso(now - 600)], ["t", iso(now - 3600)], ["view", "instances"], ["speed", "60"]]));
  await says(page, "^paused at");
  await page.click("button:text-is('Play')");
  await says(page, "^replaying 60×");
  await page.waitForSelector(".sites tbody tr");
}

async function openInstances(page, url) {
  await page.goto(url + link("/instances", sub({ msm: 10301 })));
  await arrived(page, "Instances");
  await page.waitForSelector(".sites tbody tr");
  await page.click("text=Watch their timeouts");
}

async function openProbes(page, url) {
  const open = await outageToOpen(page, url);
  await page.goto(url + link("/probes", [["watch", "NL,AS3320,K"], ...(open ? [["open", open]] : [])]));
  await arrived(page, "Probes");
  await page.waitForSelector(".outages tbody tr");
  await page.waitForSelector("figure canvas");
}

/** The controls whose words do not fit into them. */
function cutControls() {
  const isCut = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(".hidden") && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1;
  return [...document.querySelectorAll("button, nav a, th, label, h1, h2, legend, summary")].filter(isCut).map((one) => one.outerHTML.slice(0, 120));
}

async function look(page, title, screenshot, ask) {
  const faults = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1440, 2560]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width === 2560 ? 1440 : 900 });
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      await screenshot(page, `${title}-${colorScheme}-${width}`, { fullPage: true });
      const what = `${title}, ${colorScheme}, ${width} px`;
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${what}: sideways`);
      faults.push(...(await page.evaluate(cutControls)).map((one) => `${what}: ${one} is cut`));
      await ask("checked", `${what}: picture taken`);
    }
  }
  return faults;
}

exports.run = async ({ page, url, ask, screenshot }) => {
  const faults = [];
  for (const [title, open] of Object.entries({ Explore: openExplore, Replay: openReplay, Instances: openInstances, Probes: openProbes })) {
    await open(page, url);
    faults.push(...(await look(page, title, screenshot, ask)));
  }
  assert.deepEqual(faults, []);
};
