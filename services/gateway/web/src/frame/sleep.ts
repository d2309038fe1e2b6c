const often = 1000; // ms
const asleep = 10_000;

/**
 * Has a page do after sleep what it does when it is looked at again, as browsers tell nobody that the machine has slept. A page that is hidden is called seldom anyway, and
 * does it when it is seen.
 */
export function watchSleep(): () => void {
  let awake = Date.now();
  const seen = () => (awake = Date.now());
  const timer = setInterval(() => {
    if (Date.now() - awake > asleep && !document.hidden) document.dispatchEvent(new Event("visibilitychange"));
    seen();
  }, often);
  document.addEventListener("visibilitychange", seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
