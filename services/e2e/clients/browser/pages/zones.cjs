// Reads results in Kolkata and in St. John's, in the nights of changes of the clock there: in UTC, in the zone of the machine, and saved as CSV, which is in UTC for all.
const assert = require("node:assert/strict");
const fs = require("node:fs/promises");

exports.expected = ["/api/"]; // 503 until the gateway has read the log

// A second before, and at, each change of clocks in St. John's; midnight in UTC, and in Kolkata.
const times = ["2025-03-09T05:29:59Z", "2025-03-09T05:30:00Z", "2025-11-02T04:29:59Z", "2025-11-02T04:30:00Z", "2025-11-02T00:00:00Z", "2025-11-02T18:30:00Z"];
const seconds = (time) => Date.parse(time) / 1000;

const ping = (time, i) => ({ type: "ping", msm_id: 9001, prb_id: i + 1, timestamp: seconds(time), fw: 5080, af: 4, dst_addr: "192.0.2.1", sent: 3, rcvd: 3, avg: 5.5, result: [{ rtt: 5.5 }] });

const says = (page, words) => page.waitForFunction((words) => document.querySelector("header .words")?.textContent.match(words), words);
const inUTC = (time) => time.replace("T", " ").replace("Z", "");
const inZone = (zone) => (time) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(new Date(time));
const offsetOf = (time, zone) =>
  new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(new Date(time)).find(({ type }) => type === "timeZoneName").value.replace("GMT", "").replace("-", "−");

/** Waits for the times of the rows, the oldest first. */
async function showsTimes(page, wanted) {
  await page.waitForFunction((wanted) => [...document.querySelectorAll("tbody td:first-child time")].map((one) => one.textContent).reverse().join() === wanted, wanted.join());
}

async function savedCSV(page) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Save CSV")]);
  return fs.readFile(await download.path(), "utf8");
}

async function readIn(zone, page, url) {
  await showsTimes(page, times.map(inUTC));
  const csv = await savedCSV(page);
  await page.locator("h1").focus();
  await page.keyboard.press("u");
  await showsTimes(page, times.map(inZone(zone)));
  const titles = await page.$$eval("tbody td:first-child time", (cells) => cells.map((one) => one.title).reverse());
  times.forEach((time, i) => assert.ok(titles[i].includes(`${inZone(zone)(time)} ${offsetOf(time, zone)}`), `${titles[i]}: the zone of ${time}`));
  const datetimes = await page.$$eval("tbody td:first-child time", (cells) => cells.map((one) => one.dateTime).reverse());
  assert.deepEqual(datetimes.map(seconds), times.map(seconds));
  assert.equal(await savedCSV(page), csv, "a file is the same in each zone");

  // A time in an input has its zone, and a time with an offset means the same in every zone.
  await page.goto(`${url}/replay?sub=${encodeURIComponent('{"msm":9001}')}&from=${times[2]}&to=${times[3]}`);
  await page.waitForFunction((time) => [...document.querySelectorAll("form input")].some((one) => one.value === time), times[2].replace(":00Z", "Z"));
  await page.fill("input[placeholder^='2015']", `${inZone(zone)(times[4])}${offsetOf(times[4], zone).replace("−", "-") || "Z"}`);
  await page.keyboard.press("Enter");
  await page.waitForURL((address) => seconds(address.searchParams.get("from")) === seconds(times[4]));
  return csv;
}

exports.run = async ({ another, url, ask }) => {
  const zones = ["UTC", "Asia/Kolkata", "America/St_Johns"];
  const readers = [];
  for (const zone of zones) {
    const context = await another({ timezoneId: zone });
    const page = await context.newPage();
    await page.goto(`${url}/?sub=${encodeURIComponent('{"msm":9001}')}`);
    await says(page, "^live");
    readers.push({ zone, context, page });
  }
  await ask("post", times.map(ping));
  const files = [];
  for (const { zone, context, page } of readers) {
    files.push(await readIn(zone, page, url));
    await context.close();
  }
  const told = files[0].trim().split("\r\n").slice(1).map((line) => line.split(",")[0]);
  assert.deepEqual(told.map(seconds), times.map(seconds));
  assert.deepEqual(files.map((file) => file === files[0]), files.map(() => true), "a file is the same wherever it is saved");
};
