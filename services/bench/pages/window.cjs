// A browser with a window, in which a tab behind another one is hidden, as it is to people: playwright-core has every page believe that it is seen, but for those of a
// browser that it did not start.
const net = require("node:net");
const { chromium, program } = require("../../e2e/clients/browser/chromium.cjs");

/** Gives the `browser`, and how to have it stop and go on, as it does when the machine sleeps. */
exports.open = async () => {
  const port = await freePort();
  const server = await chromium.launchServer({
    ...program,
    headless: false,
    args: [...program.args, `--remote-debugging-port=${port}`, "--window-size=1600,900"],
    ignoreDefaultArgs: ["--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding", "--disable-background-timer-throttling"],
  });
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  const signal = (name) => process.kill(-server.process().pid, name);
  return {
    newPage: () => browser.contexts()[0].newPage(),
    sleep: () => signal("SIGSTOP"),
    wake: () => signal("SIGCONT"),
    close: () => server.close(),
  };
};

/** Makes sure of whether a page is hidden. */
exports.expect = async (page, state) => {
  await page.waitForFunction((state) => document.visibilityState === state, state, { polling: 50 });
};

function freePort() {
  return new Promise((resolve, reject) => {
    const held = net.createServer().on("error", reject);
    held.listen(0, "127.0.0.1", () => {
      const { port } = held.address();
      held.close(() => resolve(port));
    });
  });
}
