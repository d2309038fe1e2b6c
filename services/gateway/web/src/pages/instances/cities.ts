import address from "../../instances/places.txt?url";
import { parsePlaces, type Place } from "../../instances/places.ts";

let loading: Promise<readonly Place[]> | undefined;

/** cities are the places that names of instances mean. Without them sites are known by name, and where they stand by round trips only. */
export function cities(): Promise<readonly Place[]> {
  loading ??= load().catch(() => {
    loading = undefined;
    return [];
  });
  return loading;
}

async function load(): Promise<readonly Place[]> {
  const response = await fetch(address);
  return response.ok ? parsePlaces(await response.text()) : [];
}
