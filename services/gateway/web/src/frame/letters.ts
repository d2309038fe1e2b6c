/** Subscriptions side by side have a letter and a colour each. */
export const letters = ["A", "B", "C", "D", "E", "F"] as const;
export type Letter = (typeof letters)[number];

/** The colour of a letter, in frame.css. */
export function colourOf(letter: Letter): string {
  return `var(--series-${letter.toLowerCase()})`;
}
