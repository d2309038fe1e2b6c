/** Message is what is read of a DNS message: its return code, and the first text of its first answer of type TXT. */
export interface Message {
  readonly rcode: number;
  readonly text: string;
}

const header = 12;
const typeTXT = 16;
const mostAnswers = 20; // a name is in the first one

/** parseMessage reads a DNS message in base64; null where it has no header. Anything may be cut short or wrong behind that. */
export function parseMessage(base64: string): Message | null {
  const bytes = decode(base64);
  if (bytes.length < header) return null;
  const view = new DataView(bytes.buffer);
  return { rcode: view.getUint8(3) & 15, text: textIn(bytes, view) };
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    return new Uint8Array();
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function textIn(bytes: Uint8Array, view: DataView): string {
  try {
    return firstText(bytes, view);
  } catch (error) {
    if (error instanceof RangeError) return ""; // the message ends early
    throw error;
  }
}

function firstText(bytes: Uint8Array, view: DataView): string {
  let at = header;
  for (let question = view.getUint16(4); question > 0; question--) at = afterName(view, at) + 4;
  const answers = Math.min(view.getUint16(6), mostAnswers);
  for (let answer = 0; answer < answers; answer++) {
    at = afterName(view, at);
    const data = at + 10;
    const length = view.getUint16(at + 8);
    if (view.getUint16(at) === typeTXT && length > 0) return latin(bytes, data + 1, view.getUint8(data));
    at = data + length;
  }
  return "";
}

/** afterName steps over a name: labels up to an empty one, or up to a pointer to the rest. */
function afterName(view: DataView, at: number): number {
  for (;;) {
    const length = view.getUint8(at);
    if (length === 0) return at + 1;
    if (length >= 192) return at + 2;
    at += 1 + length;
  }
}

function latin(bytes: Uint8Array, from: number, length: number): string {
  if (from + length > bytes.length) throw new RangeError("the text ends early");
  return String.fromCharCode(...bytes.subarray(from, from + length));
}
