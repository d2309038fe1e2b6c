/** What of the page's state is in its link. */
export interface Shown {
  readonly open: string | undefined; // the outage whose row is open
  readonly zoom: string | undefined;
  readonly group: string | undefined;
  readonly watch: readonly string[];
  readonly kiosk: boolean;
}

export type Change = (changes: {
  open?: string | undefined;
  zoom?: string | undefined;
  group?: string | undefined;
  watch?: string[];
}) => void;
