// What the page's main thread does, by Chromium's own account. Processor time is counted, as other programs on the machine cannot make it longer.
const categories = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing"];

const scripts = new Set(["EvaluateScript", "v8.evaluateModule", "FunctionCall", "EventDispatch", "TimerFire", "FireAnimationFrame", "RunMicrotasks", "MinorGC", "MajorGC"]);

/** Traces what happens while `work` does. */
exports.trace = async (page, work) => {
  const browser = page.context().browser();
  await browser.startTracing(page, { categories });
  await work();
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const events = eventsOfPage(traceEvents);
  if (!exports.tasksOf(events).some(({ script }) => script > 0)) throw new Error("the trace has no task with a script");
  return events;
};

/** The tasks, in ms: `at` after the first one, and how much of it was our `script`. */
exports.tasksOf = (events) => {
  const tasks = [];
  let end = 0; // of the outermost script
  for (const event of events) {
    if (event.name === "RunTask") tasks.push({ at: (event.ts - events[0].ts) / 1000, script: 0 });
    else if (scripts.has(event.name) && event.ts >= end && tasks.length > 0) {
      tasks.at(-1).script += timeOf(event);
      end = event.ts + (event.dur ?? 0);
    }
  }
  return tasks;
};

/** How long those callbacks of frames took that have set a mark of a name, in ms. */
exports.framesWith = (events, mark) => {
  const marks = events.filter(({ name }) => name === mark).map(({ ts }) => ts);
  const frames = events.filter(({ name }) => name === "FireAnimationFrame");
  return frames.filter(({ ts, dur }) => marks.some((at) => ts <= at && at <= ts + dur)).map(timeOf);
};

/** Events that are too short to be counted have no time. */
const timeOf = ({ tdur = 0 }) => tdur / 1000;

/** The events of the thread that ran most script, in order, the outer ones first. */
function eventsOfPage(events) {
  const sums = new Map();
  for (const event of events.filter(({ name }) => name === "FunctionCall")) sums.set(threadOf(event), (sums.get(threadOf(event)) ?? 0) + (event.dur ?? 0));
  const [thread] = [...sums].sort(([, a], [, b]) => b - a)[0] ?? [];
  return events.filter((event) => threadOf(event) === thread && event.ph !== "M").sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
}

const threadOf = ({ pid, tid }) => `${pid} ${tid}`;
