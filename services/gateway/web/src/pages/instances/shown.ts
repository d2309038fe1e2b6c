/** Shown is what of the view a link can tell, and the viewer can change. */
export interface Shown {
  readonly colour: string | undefined;
  readonly group: string | undefined;
  readonly zoom: string | undefined;
  readonly bucket: number | undefined; // seconds
  /** The site, or "p" and the ID of the probe, that is looked at. */
  readonly open: string | undefined;
  /** The sites that have a colour of their own, in the order of the colours. */
  readonly sites: string[];
}

export type Change = (changes: Partial<Shown>) => void;
