// Explore at 500 results/s and Probes, in a browser that stops for a while, as it does when a laptop is closed.
const { figure } = require("./figures.cjs");
const { untilNew } = require("./newest.cjs");
const { expect, open } = require("./window.cjs");

module.exports = async ({ url, ask, seconds }) => {
  await ask({ Changes: 60 });
  await ask({ Results: 500 });
  const window = await open();
  const explore = await window.newPage();
  await explore.goto(`${url}/?sub={"msm":1}`);
  await explore.waitForSelector("tbody button");
  const probes = await window.newPage();
  await probes.goto(`${url}/probes`);
  await probes.getByText(/of 13,000 connected/).waitFor();
  await expect(explore, "hidden");
  await explore.evaluate(noteCatchingUp);
  window.sleep();
  await pause(seconds.Asleep);
  await ask({ Changes: 0 }); // so that there is a number to be right
  await pause(3);
  const words = `Now ${(await connected(url)).toLocaleString("en")} of 13,000 connected`;
  const woken = Date.now();
  window.wake();
  await probes.waitForFunction((words) => document.querySelector(".headline")?.textContent.includes(words), words, { polling: 20 });
  const probesAfter = (Date.now() - woken) / 1000;
  await explore.bringToFront();
  await expect(explore, "visible");
  const tableAfter = await untilNew(explore, woken);
  const isSaid = await explore.evaluate(() => window.isSaid);
  await window.close();
  return [
    figure("until Probes is right again", probesAfter, "s", 2),
    figure("until the table of Explore is right again", tableAfter, "s", 20),
    figure("times that Explore does not say that it catches up", isSaid ? 0 : 1, "", 0),
  ];
};

function noteCatchingUp() {
  const words = document.querySelector(".chip .words");
  new MutationObserver(() => (window.isSaid ||= words.textContent.startsWith("catching up"))).observe(words, { characterData: true, childList: true, subtree: true });
}

const pause = (seconds) => new Promise((resume) => setTimeout(resume, seconds * 1000));

/** How many probes are connected, as the gateway says. */
async function connected(url) {
  const { status } = await (await fetch(`${url}/api/probes`)).json();
  return status.filter((one) => one === 1).length;
}
