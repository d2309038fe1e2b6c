// Checks a page with axe, the one whose title ["page"] returns, in each of its states – empty, full, paused, refused, with a dialog – in both themes, on a phone and on a screen. Tells ["checked", what].
const assert = require("node:assert/strict");

exports.expected = ["/api/"]; // 503 until the gateway has read the log, and what is refused

const link = (path, parameters) => `${path}?${new URLSearchParams(parameters)}`;
const sub = (...parameters) => parameters.map((one) => ["sub", JSON.stringify(one)]);
const iso = (seconds) => new Date(Math.floor(seconds) * 1000).toISOString();
const ago = (seconds) => iso(Date.now() / 1000 - seconds);

const says = (page, words) => page.waitForFunction((words) => document.querySelector("header .words")?.textContent.match(words), words);
const shows = (page, selector, text) =>
  page.waitForFunction(([selector, text]) => [...document.querySelectorAll(selector)].some((one) => one.textContent.replace(/\s+/g, " ").includes(text)), [selector, text]);

const replay = (...more) => link("/replay", [...sub({ msm: 10301 }), ["from", ago(3600)], ["to", ago(600)], ["t", ago(3000)], ["speed", "1"], ["view", "instances"], ...more]);

async function openDialog(page) {
  await page.click("[aria-haspopup=dialog][title=Token]");
  await page.waitForSelector("dialog[open] #token-value");
}

async function openKeys(page) {
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] >> text=Error codes");
}

async function giveToken(page, token) {
  await openDialog(page);
  await page.fill("#token-value", token);
  await page.keyboard.press("Enter");
  await says(page, "^refused: invalid_token");
}

async function withoutProbes(page) {
  const answers = {
    "**/api/probes": { id: [], lat: [], lon: [], country: [], asn: [], status: [], since: [], as_of: { registry: 0, connections: 0 } },
    "**/api/outages*": { from: 0, to: 1, log_offset: 1, registry: "x", silent_since: null, outages: [], read: { records: 0, bytes: 0, ms: 0 } },
  };
  for (const [path, answer] of Object.entries(answers)) {
    await page.route(path, (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify(answer) }));
  }
}

const full = {
  async Explore(page, url) {
    await page.goto(url + link("/", sub({ msm: 1001 }, { msm: 10301 })));
    await page.waitForSelector("tbody tr:not(.space, .divider)");
    await shows(page, ".charts", "A median");
  },
  async Replay(page, url) {
    await page.goto(url + replay());
    await says(page, "^paused at");
    await page.waitForSelector(".sites tbody .name");
  },
  async Instances(page, url) {
    await page.goto(url + link("/instances", sub({ msm: 10301 })));
    await page.waitForSelector(".sites tbody .name");
    await page.click("text=Watch their timeouts");
  },
  async Probes(page, url) {
    await page.goto(url + "/probes?watch=NL,AS3320");
    await page.waitForSelector(".outages tbody button");
    await page.click(".outages tbody button >> nth=0");
    await page.waitForSelector("#opened-outage");
    await page.waitForSelector(".units tbody .star");
  },
};

const states = {
  Explore: {
    async empty(page, url) {
      await page.goto(url + link("/", sub({ msm: 99 })));
      await says(page, "^live");
      await shows(page, ".empty", "Nothing has come yet.");
    },
    full: full.Explore,
    async paused(page, url) {
      await full.Explore(page, url);
      await page.keyboard.press(" ");
      await says(page, "^paused, [1-9]");
    },
    async refused(page, url) {
      await page.goto(url + link("/", sub({ msm: 1001, prb: "x" })));
      await shows(page, ".error code", "invalid_parameter");
    },
    async dialog(page, url) {
      await full.Explore(page, url);
      await page.click("text=Copy as…");
      await page.waitForSelector("dialog[open] pre");
    },
  },
  Replay: {
    async empty(page, url) {
      await page.goto(url + "/replay");
      await shows(page, "main", "Enter a measurement");
    },
    async full(page, url) {
      await full.Replay(page, url);
      await page.click("button:text-is('Play')");
      await says(page, "^replaying 1×");
    },
    paused: full.Replay,
    async refused(page, url) {
      await page.goto(url + link("/replay", [...sub({ msm: 10301 }), ["from", "1999-01-01"], ["to", ago(600)]]));
      await says(page, "^paused at 1999");
      await page.click("button:text-is('Play')");
      await page.waitForSelector("code:text-is('before_log')");
    },
    async dialog(page, url) {
      await full.Replay(page, url);
      await openKeys(page);
    },
  },
  Instances: {
    async empty(page, url) {
      await page.goto(url + link("/instances", sub({ msm: 99 })));
      await says(page, "^live");
      await shows(page, "main", "No result has come yet.");
    },
    full: full.Instances,
    async paused(page, url) {
      await full.Instances(page, url);
      await page.click("button:text-is('Pause')");
      await says(page, "^paused, [1-9]");
    },
    async refused(page, url) {
      await full.Instances(page, url);
      await giveToken(page, "unknown-token");
    },
    async dialog(page, url) {
      await full.Instances(page, url);
      await openDialog(page);
    },
  },
  Probes: {
    async empty(page, url) {
      await withoutProbes(page);
      await page.goto(url + "/probes");
      await shows(page, ".outages", "No outage in the last 24 h.");
    },
    full: full.Probes,
    async paused(page, url) {
      await full.Probes(page, url);
      await page.click("button:text-is('Pause')");
      await says(page, "^paused");
    },
    async refused(page, url) {
      await full.Probes(page, url);
      await giveToken(page, "unknown-token");
    },
    async dialog(page, url) {
      await full.Probes(page, url);
      await openKeys(page);
    },
  },
};

/** What axe finds in the themes and widths; and what makes a page wider than the screen. */
async function look(page, what, axe) {
  const faults = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1440]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const here = `${what}, ${colorScheme}, ${width} px`;
      faults.push(...(await axe(page)).map((fault) => `${here}: ${fault}`));
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${here}: scrolls sideways`);
    }
  }
  return faults;
}

exports.run = async ({ context, url, ask, axe }) => {
  const title = await ask("page");
  const faults = [];
  for (const [state, reach] of Object.entries(states[title])) {
    const page = await context.newPage(); // a token lives as long as its tab
    await page.setViewportSize({ width: 1440, height: 900 });
    await reach(page, url);
    const found = await look(page, `${title}, ${state}`, axe);
    await page.close();
    await ask("checked", `${title}, ${state}: ${found.length === 0 ? "axe finds nothing in two themes at two widths" : found.join("\n")}`);
    faults.push(...found);
  }
  assert.deepEqual(faults, []);
};
