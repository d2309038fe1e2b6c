// Posts results with hostile strings and with repeated members, and opens such links. Everything is shown as text, and no page breaks.
const assert = require("node:assert/strict");

exports.expected = ["/api/"]; // 503 until the gateway has read the log

const script = "<script>alert(1)</script><img src=x onerror=alert(1)>";
const turned = "\u202Egnp.exe\u2066\u0000";
const long = "x".repeat(300);

const now = () => Math.floor(Date.now() / 1000);

function ping(probe, target) {
  return { type: "ping", msm_id: 9001, prb_id: probe, timestamp: now(), fw: 5080, dst_name: target, dst_addr: "192.0.2.1", af: 4, sent: 3, rcvd: 1, result: [{ rtt: 5 }], [script]: script, ["__proto__"]: 1 };
}

/** An answer to hostname.bind, as one of several resolvers gave it. */
const answer = (name) => ({ rt: 5, answers: [{ TYPE: "TXT", RDATA: name }] });

function dns(probe, time, ...names) {
  const result = { type: "dns", msm_id: 10301, prb_id: probe, timestamp: time, fw: 5080, af: 4 };
  return names.length === 1 ? { ...result, result: answer(names[0]) } : { ...result, resultset: names.map((name) => ({ result: answer(name) })) };
}

/** Waits for a text anywhere in an element. */
const shows = (page, selector, text) =>
  page.waitForFunction(([selector, text]) => [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(text)), [selector, text]);

async function isText(page, what) {
  assert.equal(await page.locator("main img, main script").count(), 0, `${what}: markup`);
}

exports.run = async ({ page, url, ask }) => {
  // Explore: in its rows, its panel and its filter.
  await page.goto(`${url}/?sub=${encodeURIComponent('{"msm":9001}')}`);
  await shows(page, "header .words", "live");
  await ask("post", [ping(1, script), ping(2, turned), ping(3, long)]);
  await shows(page, "tbody td.target", script);
  await shows(page, "tbody td.target", turned.slice(0, 5));
  const cells = await page.$$eval("tbody td.target", (all) => all.map((one) => one.textContent));
  assert.ok(cells.every((text) => text.length <= 201), "cells are cut");
  await page.click(`tbody tr:has-text("${turned.slice(1, 5)}")`);
  await shows(page, "aside .line", "gnp.exe");
  assert.equal(await page.$$eval("aside .line > bdi", (all) => all.filter((one) => getComputedStyle(one).unicodeBidi !== "isolate").length), 0);
  await page.keyboard.press("Escape");
  const huge = { ...ping(6, "x.example"), avg: "NaN", result: [{ rtt: "Infinity" }], constructor: null, big: "<b>".repeat(100_000) };
  await ask("post", [ping(4, "javascript:alert(1)"), ping(5, "\ud800 \udfff"), huge]);
  await page.click("tbody tr:has-text('x.example')");
  await shows(page, "aside", "big");
  await shows(page, "tbody td.target", "javascript:alert(1)");
  assert.equal(await page.locator("a[href^='javascript']").count(), 0);
  await isText(page, "Explore");

  // A link may have the same error twice.
  await page.goto(`${url}/?sub=${script}&sub=${script}&watch=NL,NL,a+b,a+b`);
  await shows(page, "main [role=alert]", script);
  await page.waitForSelector("main h1", { state: "attached" });
  await isText(page, "the link's faults");

  // Instances: several resolvers of a probe that answer the same name, and results of one second with different names.
  await page.goto(`${url}/instances?open=p2`);
  await shows(page, "header .words", "live");
  const time = now() - 600;
  await ask("post", [
    dns(1, time, script, script, script),
    dns(2, time, "ns1.nl-ams.k.ripe.net"),
    dns(2, time + 240, "ns1.gb-lon.k.ripe.net"),
    dns(2, time + 240, "ns1.de-fra.k.ripe.net"),
    dns(2, time + 240, "ns1.jp-tyo.k.ripe.net"),
    dns(3, time, turned, long),
  ]);
  await shows(page, "caption", "moves of single probes");
  await shows(page, "h2", "Probe 2");
  await page.waitForFunction(() => document.querySelectorAll("[aria-label='What is open'] li").length >= 4);
  await shows(page, "details summary", "3 unexpected names");
  await page.click("summary:has-text('unexpected names')");
  await shows(page, "details td", script);
  await page.click("label:text-is('instances')");
  await shows(page, "tbody th", script);
  await isText(page, "Instances");
  const wide = await page.evaluate(() =>
    document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 100)),
  );
  assert.deepEqual(wide, [], "long names make nothing wider");
};
