const day = 24; // hours

/** Rates are what is assumed of a unit before anything is known of it: so many moves an hour, as if seen for so many probe-hours. */
export const prior = { movesPerHour: 0.01, probeHours: 200 };

interface Hour {
  moves: number;
  probeHours: number;
}

/** Background is how often members of a unit move as a rule: in the 24 whole hours before, without what a burst explains. */
export class Background {
  readonly #hours = new Map<number, Hour>();

  expose(time: number, seconds: number): void {
    this.#hour(time).probeHours += seconds / 3600;
  }

  count(time: number, moves: number): void {
    this.#hour(time).moves += moves;
  }

  /** rate is of one member and second. */
  rate(time: number): number {
    const now = hourOf(time);
    let moves = prior.movesPerHour * prior.probeHours;
    let probeHours = prior.probeHours;
    for (const [number, hour] of this.#hours) {
      if (number >= now || number < now - day) continue;
      moves += hour.moves;
      probeHours += hour.probeHours;
    }
    return moves / probeHours / 3600;
  }

  #hour(time: number): Hour {
    const number = hourOf(time);
    let hour = this.#hours.get(number);
    if (!hour) {
      hour = { moves: 0, probeHours: 0 };
      this.#hours.set(number, hour);
      for (const old of this.#hours.keys()) if (old < number - day) this.#hours.delete(old);
    }
    return hour;
  }
}

function hourOf(time: number): number {
  return Math.floor(time / 3600);
}
