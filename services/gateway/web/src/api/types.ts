// What /api answers: services/gateway/internal/api/openapi.yaml says what each member means.
// Times are Unix seconds; null is what is not known.

export interface Read {
  records: number;
  bytes: number;
  ms: number;
}

export interface Gateway {
  version: string;
  now: number;
  history: { mode: "off" | "token" | "open"; allowed: boolean; from: number | null; lateness_s: number };
  roles: ("history" | "non-public")[];
  unknown_measurements: "allow" | "refuse";
  backlog_s: number;
  behind_s: number;
  cursor_s: number;
  speed: { results_s: number; records_s: number };
  limits: {
    client: {
      subscriptions: number;
      replays: number;
      messages_s: number;
      message_bytes: number;
      queue_bytes: number;
      queue_messages: number;
    };
    address: { connections: number; subscriptions: number; replays: number; messages_s: number };
    api: { buckets: number; records: number; bytes: number };
  };
  streams: { result: number | null; probestatus: number | null };
  kafka: { reachable: boolean; since: number };
  registry: { measurements: number; probes: number; caught_up: boolean };
}

export interface Measurement {
  id: number;
  type: string | null;
  description: string | null;
  target: string | null;
  af: number | null;
  interval: number | null;
  participants: number | null;
  status: string | null;
  stopped: boolean;
  public: boolean;
  start: number | null;
  stop: number | null;
  source: "registry" | "log";
  rate: number | null;
}

export interface Measurements {
  measurements: Measurement[];
  next: number | null;
  quality: "exact" | "sampled";
  read: Read;
}

export interface Part {
  topic: string;
  ordered: boolean;
  from: number | null;
  to: number | null;
  records: number;
}

export interface MeasurementInLog {
  id: number;
  measurement: Measurement | null;
  object: Record<string, unknown> | null;
  parts: Part[] | null;
  first: number | null;
  last: number | null;
  complete: boolean;
  interval: { from: number; to: number } | null;
  speed: { limit: number | null; by: "results" | "records" | null } | null;
  read: Read;
}

export interface Volume {
  from: number;
  to: number;
  step: number;
  of: "measurement" | "partition";
  quality: "exact" | "sampled" | "partition";
  buckets: (number | null)[];
  low: (number | null)[] | null;
  high: (number | null)[] | null;
  log: { from: number; to: number } | null;
  omitted: { topic: string; records: number }[];
  read: Read;
}

/** Columns of the same length. */
export interface Probes {
  as_of: { registry: number; connections: number };
  id: number[];
  lat: (number | null)[];
  lon: (number | null)[];
  country: (string | null)[];
  asn: (number | null)[];
  status: (number | null)[];
  since: (number | null)[];
  event: (0 | 1)[];
}

export interface Series {
  connected: (number | null)[];
  connects: (number | null)[];
  disconnects: (number | null)[];
}

export interface Connections {
  from: number;
  to: number;
  step: number;
  as_of: number;
  world: Series;
  countries: Record<string, Series>;
}

export interface Outage {
  id: number;
  revision: number;
  kind: "outage" | "controller" | "platform";
  state: "provisional" | "on" | "over" | "lost" | "withdrawn";
  flap: boolean;
  start: number;
  end: number | null;
  recovered50: number | null;
  recovered90: number | null;
  score: number;
  lost: number;
  of: number;
  units: {
    kind: "country" | "asn" | "cell" | "controller" | "world";
    name: string;
    start: number;
    lost: number;
    of: number;
    expected: number;
    rate: number;
    score: number;
  }[];
  countries: { name: string; lost: number }[];
  asns: { name: string; lost: number }[];
  probes: { id: number; down: number; back: number | null }[];
}

export interface Outages {
  from: number;
  to: number;
  log_offset: number;
  registry: string;
  silent_since: number | null;
  outages: Outage[];
  read: Read;
}
