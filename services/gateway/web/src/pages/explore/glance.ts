import type { Parameters } from "../../link/link.ts";
import { Stream } from "../../stream/stream.ts";
import { given, sentFor } from "./parameters.ts";

const mostResults = 500;
const longest = 15_000; // ms

/** Counts what comes of a subscription without its filters, for a moment: so one learns whether it is they that let nothing through. */
export function glance(parameters: Parameters, token: () => string): Promise<number> {
  const whole = Object.fromEntries(Object.entries(parameters).filter(([name]) => ["msm", "stream_type", "streamType"].includes(name)));
  return new Promise((resolve) => {
    let count = 0;
    const end = () => {
      clearTimeout(timer);
      stream.close();
      resolve(Math.min(count, mostResults));
    };
    const timer = setTimeout(end, longest);
    const sent = { ...sentFor(whole), ...(!given(whole, "stream_type") && { acceptedFields: ["prb_id"] }), enrichProbes: false };
    const stream = new Stream(
      sent,
      {
        deliver: (deliveries) => {
          count += deliveries.length;
          if (count >= mostResults) end();
        },
        state: (state) => (state.is === "refused" || state.is === "ended") && end(),
      },
      { token, client: "pages/explore" },
    );
  });
}
