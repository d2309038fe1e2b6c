// Visits the four pages by mouse, by keyboard and by the back button.
const assert = require("node:assert/strict");
const { goTo } = require("../goto.cjs");

const titles = { "/": "Explore", "/replay": "Replay", "/instances": "Instances", "/probes": "Probes" };

async function arrived(page, path) {
  await page.waitForFunction((title) => document.querySelector("main h1")?.textContent === title, titles[path]);
  assert.equal(new URL(page.url()).pathname, path);
  assert.equal(await page.title(), `${titles[path]} – atlas-stream`);
}

exports.expected = ["/api/", "/assets/views-"]; // 503 until the gateway has read the log, and the blocked chunk

exports.run = async ({ page, context, url, axe, screenshot }) => {
  for (const path of Object.keys(titles)) {
    await page.goto(url + path);
    await arrived(page, path);
  }
  await page.click("nav >> text=Replay");
  await arrived(page, "/replay");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1", "the heading has the focus after a change of pages");
  await goTo(page, "i", "Instances");
  await arrived(page, "/instances");
  await page.goBack();
  await arrived(page, "/replay");

  await page.goto(`${url}/replay?speed=fast&watch=NL`);
  await page.waitForSelector("text=speed: got \"fast\"");
  await page.click("nav >> text=Probes");
  await arrived(page, "/probes");
  assert.equal(new URL(page.url()).search, "?watch=NL", "what is watched stays, the rest is the page's own");

  await page.goto(url); // where Escape has another meaning
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] >> text=go to Explore");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog[open]", { state: "hidden" });
  await page.keyboard.press("u");
  await page.waitForFunction(() => !document.querySelector("header").textContent.includes("UTC"));
  await page.keyboard.press("u");

  // A slider handles only the arrow keys.
  await page.evaluate(() => {
    const slider = Object.assign(document.createElement("div"), { role: "slider", tabIndex: 0 });
    document.body.append(slider);
    slider.focus();
  });
  await goTo(page, "p", "Probes");
  await arrived(page, "/probes");

  // After an upgrade a gateway does not have the chunks of the previous version.
  await page.goto(url);
  await context.route("**/assets/views-*.js", (route) => route.abort());
  await page.click("nav >> text=Instances");
  await page.waitForSelector("[role=alert] >> text=could not be loaded");
  await context.unroute("**/assets/views-*.js");
  await page.click("main >> text=Reload");
  await arrived(page, "/instances");

  for (const path of Object.keys(titles)) {
    await page.goto(url + path);
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [390, 1440]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await arrived(page, path);
        assert.deepEqual(await axe(page), [], `${path}, ${colorScheme}, ${width} px`);
        await screenshot(page, `frame-${titles[path]}-${colorScheme}-${width}`);
      }
    }
  }
};
