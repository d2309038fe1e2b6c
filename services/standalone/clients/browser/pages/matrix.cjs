// Looks at every page, with a live network behind it, in both themes and at three widths; and goes through each with the keyboard alone. Tells ["checked", what].
const assert = require("node:assert/strict");

exports.expected = ["/api/"]; // 503 until the gateway has read the log

const replay = `/replay?sub=${encodeURIComponent('{"msm":1001}')}`;
const pages = { "/": "Explore", [replay]: "Replay", "/instances": "Instances", "/probes?watch=NL,AS3320": "Probes" };
const mostStops = 150; // that Tab has on a page

/** What axe may wait for: a page has something to show. */
async function arrived(page, title) {
  await page.waitForFunction((title) => document.querySelector("main h1")?.textContent === title, title);
  await page.waitForFunction(() => document.querySelector("main table, main figure, main canvas"));
}

/** Gives the elements that Tab reaches from the top of the page until it leaves it, and fails where it does not or where the focus cannot be seen. */
async function walk(page, title) {
  await page.evaluate(() => document.activeElement?.blur());
  const stops = [];
  for (let i = 0; i < mostStops; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return undefined;
      const { outlineStyle, boxShadow } = getComputedStyle(element);
      const { width, height } = element.getBoundingClientRect();
      const name = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40);
      return { name: `${element.tagName} ${name}`, isSeen: width > 0 && height > 0 && (outlineStyle !== "none" || boxShadow !== "none") };
    });
    if (!stop) return stops;
    assert.ok(stop.isSeen, `${title}: the focus on ${stop.name} cannot be seen`);
    stops.push(stop.name);
  }
  throw new Error(`${title}: Tab does not leave the page: …${stops.slice(-5).join(", ")}`);
}

exports.run = async ({ page, url, ask, axe, screenshot }) => {
  for (const [path, title] of Object.entries(pages)) {
    await page.goto(url + path);
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [390, 1440, 2560]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await arrived(page, title);
        const what = `${title}, ${colorScheme}, ${width} px`;
        assert.deepEqual(await axe(page), [], what);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what}: sideways`);
        await screenshot(page, `matrix-${title}-${colorScheme}-${width}`);
        await ask("checked", `${what}: axe, no scrolling sideways`);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    const stops = await walk(page, title);
    await ask("checked", `${title}: Tab goes through ${stops.length} elements, each with a focus that is seen, and leaves the page`);
  }
};
