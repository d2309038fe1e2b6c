// Measures the gateway's pages in Chromium: `node measure.cjs PART URL SECONDS`, with the parts of this folder. What a part needs is asked for on standard output,
// one JSON object a line, and is there with the line that answers. The last object has the figures. `node measure.cjs` names the parts.
const readline = require("node:readline");

const parts = ["explore", "map", "probes", "hidden", "asleep", "paint"];
const measures = Object.fromEntries(parts.map((part) => [part, require(`./${part}.cjs`)]));

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function main([part, url, seconds]) {
  if (part === undefined) return say(Object.keys(measures));
  const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const ask = async (wanted) => {
    say(wanted);
    if ((await answers.next()).done) throw new Error("nobody listens any more");
  };
  say({ Figures: await measures[part]({ url, ask, seconds: JSON.parse(seconds) }) });
  process.exit(0);
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
