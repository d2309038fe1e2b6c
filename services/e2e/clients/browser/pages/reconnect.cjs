// Watches results while the gateway is restarted: the chip reports what was missed, if anything.
const assert = require("node:assert/strict");

exports.expected = ["/api/", "/stream/"]; // of a stopped gateway

const ping = (probe) => ({ type: "ping", msm_id: 9001, prb_id: probe, timestamp: Math.floor(Date.now() / 1000), fw: 5080, af: 4, dst_addr: "192.0.2.1", sent: 3, rcvd: 3, avg: 5.5, result: [{ rtt: 5.5 }] });

const says = (page, words) => page.waitForFunction((words) => document.querySelector("header .words")?.textContent.match(words), words);
const probes = (page) => page.$$eval("tbody tr:not(.space, .divider) td:nth-child(2) bdi", (cells) => cells.map((cell) => cell.textContent));

const dotOf = (page, words) => page.evaluate((words) => Object.entries(window.dots).find(([said]) => said.match(words))[1], words);

async function stopAndStart({ page, ask, said }, how, meanwhile) {
  await ask("stop");
  await says(page, "^lost the connection, next try in \\d+ s");
  await said.forget(page); // not before: the chip still showed the previous reconnection
  await meanwhile();
  await ask(how);
  await page.click("header button:text-is('now')", { timeout: 500 }).catch(() => {}); // or it has tried already
}

exports.run = async ({ page, url, ask, said }) => {
  await page.goto(`${url}/?sub=${encodeURIComponent('{"msm":9001}')}`);
  await says(page, "^live");
  await ask("post", [ping(1)]);
  await page.waitForSelector("tbody bdi:text-is('1')");
  await stopAndStart({ page, ask, said }, "start", () => ask("post", [ping(2)]));
  await said(page, "^back, nothing missed$");
  await page.waitForSelector("tbody bdi:text-is('2')");
  assert.deepEqual(await probes(page), ["2", "1"]);

  // The cursors were sealed with another secret: the page starts over, says so, and repeats nothing.
  await stopAndStart({ page, ask, said }, "start with another key", () => ask("post", [ping(3)]));
  await said(page, "^back, missed \\d\\d:\\d\\d:\\d\\d–\\d\\d:\\d\\d:\\d\\d$");
  const [well, missed] = [await dotOf(page, "^back, nothing missed$"), await dotOf(page, "^back, missed")];
  assert.notEqual(missed.colour, well.colour, "a gap has the colour of no gap");
  assert.deepEqual([well.radius, missed.radius], ["50%", "0px"], "a gap has the shape of no gap");
  await page.waitForSelector("tr.divider code:text-is('cursor_gone')");
  assert.match(await page.getAttribute("tr.divider a:text-is('Replay it')", "href"), /^\/replay\?sub=%7B%22msm%22:9001%7D&from=.*&to=/);
  assert.equal(await page.getAttribute("main form a:text-is('Replay')", "href"), "/replay?sub=%7B%22msm%22:9001%7D");
  await page.waitForSelector("tbody bdi:text-is('3')");
  assert.deepEqual(await probes(page), ["3", "2", "1"]);

  // The log no longer has the first results after the gateway stopped: the page must not report that nothing was missed.
  await stopAndStart({ page, ask, said }, "start with another key", async () => {
    await ask("post", [ping(4), ping(5)]);
    await ask("cut", 4); // the offset of the last
  });
  await page.waitForSelector("tbody bdi:text-is('5')");
  await said(page, "^back, missed \\d\\d:\\d\\d:\\d\\d–\\d\\d:\\d\\d:\\d\\d$");
  assert.equal(await page.evaluate(() => window.said.find((words) => words.includes("nothing missed"))), undefined);
  await page.waitForSelector("tr.divider bdi:text-matches('offset 3 of .* offset 4')");
  assert.deepEqual(await probes(page), ["5", "3", "2", "1"]);
};
