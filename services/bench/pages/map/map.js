// The gateway's map by itself, with as much on it as the real network may bring.
import { Scene } from "../../../gateway/web/src/map/scene.ts";
import { Screen } from "../../../gateway/web/src/map/screen.ts";

const probes = 13_000;
const changesASecond = 60;
const pulsesASecond = 200; // a pulse takes 1.5 s, so there are 300 at any time
const colours = {
  sea: "#eaf0f5", land: "#fbfcfd", border: "#ccd5de", ring: "#1b2733", text: "#1b2733", ground: "#ffffff",
  palette: ["#2b6cb8", "#b3261e", "#9aa3ad"],
};

const between = (low, high) => low + (high - low) * Math.random();
const any = () => Math.floor(between(0, probes));

/** More of them are in Europe than elsewhere. */
function spot(id) {
  const [lat, lon] = id % 3 === 0 ? [between(-38, 62), between(-120, 150)] : [between(37, 60), between(-9, 30)];
  return { id, lat, lon };
}

/** Does something at a rate, making up for what was late. */
function atRate(rate, act) {
  const began = performance.now();
  let done = 0;
  setInterval(() => {
    for (const due = ((performance.now() - began) / 1000) * rate; done < due; done++) act();
  }, 10);
}

/** Marks when the map takes what it is to draw. */
class MarkedScene extends Scene {
  takeChanges() {
    performance.mark("draw");
    return super.takeChanges();
  }
}

const scene = new MarkedScene();
const screen = new Screen(document.querySelector("canvas"), scene, () => colours, "world", reportError);
screen.resize({ width: 1600, height: 800 });
scene.place(Array.from({ length: probes }, (_, id) => spot(id)), () => ({ colour: 0 }));
let changed = 0;
atRate(changesASecond, () => scene.set(any(), { colour: changed++ % 3, ring: changed % 2 === 0 }));
atRate(pulsesASecond, () => scene.pulse(any()));
