const shownFor = 3000; // ms

/** A short sentence that goes away by itself: "link copied". */
class Notice {
  text = $state("");
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.text = ""), shownFor);
  }
}

export const notice = new Notice();

/** Copies a text and says so. Browsers have a clipboard for pages that came by HTTPS or from this machine only; elsewhere the old way is taken. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyByCommand(text);
    notice.say(`${what} copied`);
  } catch {
    notice.say(`${what} could not be copied: the browser does not allow it`);
  }
}

function copyByCommand(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("the browser does not copy");
}
