/** Letter is a server of the DNS root, and the built-in measurements that ask for the name of its instances (hostname.bind), over IPv4 and IPv6. */
export interface Letter {
  readonly letter: string;
  readonly v4: number;
  readonly v6: number;
}

const numbers: Record<string, number> = { A: 9, B: 10, C: 11, D: 12, E: 13, F: 4, G: 14, H: 15, I: 5, J: 16, K: 1, L: 8, M: 6 };

export const letters: readonly Letter[] = Object.entries(numbers).map(([letter, number]) => ({
  letter,
  v4: 10300 + number,
  v6: 11300 + number,
}));

/** letterOf tells which server of the root a measurement asks: by its ID if it is built in, else by its target. */
export function letterOf(measurement: number, target = ""): string | null {
  const builtIn = letters.find(({ v4, v6 }) => v4 === measurement || v6 === measurement);
  if (builtIn) return builtIn.letter;
  return /^([a-m])\.root-servers\.net\.?$/i.exec(target)?.[1]?.toUpperCase() ?? null;
}

/** familyOf a measurement of the root's tells which version of IP it uses. */
export function familyOf(measurement: number): 4 | 6 | null {
  if (letters.some(({ v4 }) => v4 === measurement)) return 4;
  return letters.some(({ v6 }) => v6 === measurement) ? 6 : null;
}

/** otherFamily is the measurement of the same server over the other version of IP, where there is one that is built in. */
export function otherFamily(measurement: number): number | null {
  for (const { v4, v6 } of letters) {
    if (measurement === v4) return v6;
    if (measurement === v6) return v4;
  }
  return null;
}
