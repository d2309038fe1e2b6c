// What a person wants to read of a result, by its type.

const milliseconds = (value) => `${Number(value).toFixed(1)} ms`;

function ping(result) {
  const { sent, rcvd, min, avg, max } = result;
  if (!(Number(rcvd) > 0)) return { text: `no answer to ${sent ?? "any"} packets`, bad: true };
  const lost = Number(sent) - Number(rcvd);
  return { text: `${milliseconds(avg)} (${milliseconds(min)} to ${milliseconds(max)})${lost > 0 ? `, ${lost} of ${sent} lost` : ""}`, bad: lost > 0 };
}

function traceroute(result) {
  const hops = Array.isArray(result.result) ? result.result : [];
  const last = hops.at(-1);
  const reply = last?.result?.find((packet) => packet.from === result.dst_addr && packet.rtt !== undefined);
  return reply ? { text: `${last.hop} hops, ${milliseconds(reply.rtt)}` } : { text: `did not arrive, ${hops.length} hops seen`, bad: true };
}

function dns(result) {
  if (result.error) return { text: `no answer: ${Object.keys(result.error).join(", ")}`, bad: true };
  const answer = result.result?.answers?.[0]?.RDATA;
  const name = Array.isArray(answer) ? answer[0] : answer;
  return { text: `${name ?? "answered"}, ${milliseconds(result.result?.rt ?? NaN)}` };
}

function connection(event) {
  return { text: `${event.event}ed, ${event.controller ?? "unknown controller"}`, bad: event.event === "disconnect" };
}

const byType = { ping, traceroute, dns, connection };

export function summary(result) {
  const summarise = byType[result.type];
  return summarise ? summarise(result) : { text: JSON.stringify(result).slice(0, 120) };
}
