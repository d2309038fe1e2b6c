// The map by itself at 1600 × 800: 13,000 probes of which 60 change a second, and 300 pulses at any time.
const path = require("node:path");
const { launch } = require("../../e2e/clients/browser/chromium.cjs");
const { figure, percentile } = require("./figures.cjs");
const { framesWith, tasksOf, trace } = require("./trace.cjs");

const web = path.join(__dirname, "../../gateway/web");
const origin = "http://map.invalid";

module.exports = async ({ seconds }) => {
  const files = await built();
  const browser = await launch();
  const figures = [];
  for (const ratio of [1, 2]) {
    const drawn = await draw(browser, files, ratio, seconds.Map * 1000);
    figures.push(...drawn.map((one) => ({ ...one, Name: `${one.Name}, at a pixel ratio of ${ratio}` })));
  }
  await browser.close();
  return figures;
};

/** Builds the page with the map, and gives its files by their paths. */
async function built() {
  const { build } = await import(path.join(web, "node_modules/vite/dist/node/index.js"));
  const { output } = await build({
    configFile: path.join(web, "vite.config.ts"),
    root: path.join(__dirname, "map"),
    logLevel: "error",
    build: { write: false },
  });
  return new Map(output.map(({ fileName, code, source }) => [`/${fileName}`, code ?? source]));
}

async function draw(browser, files, ratio, time) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 800 }, deviceScaleFactor: ratio });
  await context.route(`${origin}/**`, (route) => {
    const name = new URL(route.request().url()).pathname;
    return route.fulfill({ body: Buffer.from(files.get(name)), contentType: contentTypes[path.extname(name)] });
  });
  const blank = await context.newPage();
  await blank.setContent('<body style="margin: 0"><canvas width="1600" height="800"></canvas>');
  const possible = await framesIn(blank, time);
  await blank.close();
  const page = await context.newPage();
  let frames;
  const events = await trace(page, async () => {
    await page.goto(`${origin}/index.html`);
    frames = await framesIn(page, time);
  });
  const draws = framesWith(events, "draw");
  const tasks = tasksOf(events);
  await context.close();
  const later = tasks.filter(({ at }) => at > 1000).map(({ script }) => script);
  return [
    figure("script of a draw, p95", percentile(draws, 0.95), "ms", 2),
    figure("script of a draw, median", percentile(draws, 0.5), "ms"),
    figure("draws a second", draws.length / (time / 1000), ""),
    figure("frames a second", frames, ""),
    figure("frames of a blank canvas, in times of the map's", possible / frames, "×", 1 / 0.8),
    figure("longest task of our script after the first second", Math.max(...later), "ms", 50),
    figure("longest task of our script", Math.max(...tasks.map(({ script }) => script)), "ms"),
  ];
}

const contentTypes = { ".html": "text/html", ".js": "text/javascript", ".json": "application/json" };

/** Frames a second. */
function framesIn(page, time) {
  return page.evaluate(async (time) => {
    const began = performance.now();
    let frames = 0;
    while (performance.now() - began < time) {
      await new Promise(requestAnimationFrame);
      frames++;
    }
    return frames / ((performance.now() - began) / 1000);
  }, time);
}
