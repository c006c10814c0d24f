"use strict";

/** Many pictures: sent in calls, counted, and shown as a grid with the doubtful ones first. */
class Batch {
  static TILES = 240;

  constructor() {
    this.found = [];
    this.refused = [];
    this.digit = null;
    this.shown = Batch.TILES;
    this.stopped = new AbortController();
  }

  /** Reads all pictures; what was read is shown as it comes. Throws what keeps all of them from being read. */
  async read(pictures, version, refused = []) {
    this.refused = refused;
    this.total = pictures.length;
    const began = performance.now();
    this.prepare();
    const options = {
      version,
      signal: this.stopped.signal,
      take: (some, answer) => this.take(some, answer),
      refuse: (picture, reason) => this.refused.push({ name: picture.name, reason }),
    };
    try {
      for (const call of inCalls(pictures)) await readCall(call, options);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    } finally {
      this.seconds = (performance.now() - began) / 1000;
      this.finish();
    }
  }

  prepare() {
    element("batch").hidden = false;
    element("progress").hidden = element("stop").hidden = false;
    element("progress").max = this.total;
    element("progress").value = 0;
    element("summary").textContent = `Reading ${this.total} pictures …`;
    for (const id of ["counts", "grid"]) element(id).replaceChildren();
    element("more").hidden = element("refused").hidden = true;
    element("stop").onclick = () => this.stopped.abort();
    element("more").onclick = () => {
      this.shown += Batch.TILES;
      this.showGrid();
    };
  }

  take(pictures, answer) {
    pictures.forEach((picture, index) => this.found.push(entry(answer, index, picture)));
    element("progress").value = this.found.length + this.refused.length;
    element("progress").textContent = `${this.found.length} of ${this.total}`;
  }

  finish() {
    element("progress").hidden = element("stop").hidden = true;
    // Doubtful first, the least sure before the others; what is blank needs no second look.
    this.found.sort((a, b) => b.doubtful - a.doubtful || a.blank - b.blank || a.confidence - b.confidence);
    const doubtful = this.found.filter((each) => each.doubtful).length;
    const missing = this.total - this.found.length - this.refused.length;
    const told = [`${this.found.length} read in ${this.seconds.toFixed(1)} s`, `${doubtful} doubtful`];
    if (missing > 0) told.push(`${missing} not sent`);
    element("summary").textContent = `${told.join(", ")}.`;
    this.showRefused();
    if (!this.found.length) return;
    this.showCounts();
    this.showGrid();
    showAnswer(this.found[0], true);
  }

  showCounts() {
    const counts = Array(10).fill(0);
    for (const each of this.found) if (!each.blank) counts[each.digit] += 1;
    const most = Math.max(...counts, 1);
    const buttons = counts.map((count, digit) => {
      const button = made("button");
      const column = made("span", "", "column");
      const fill = made("span");
      fill.style.height = `${(count / most) * 100}%`;
      column.append(fill);
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      // Read as "Digit 7, 12 pictures"; the style sheet puts the count on top.
      button.append(
        made("span", "Digit ", "unseen"), made("span", digit, "label"), column,
        made("span", ", ", "unseen"), made("span", count, "count"), made("span", " pictures", "unseen"),
      );
      button.onclick = () => this.filter(digit);
      return button;
    });
    element("counts").replaceChildren(...buttons);
  }

  filter(digit) {
    this.digit = this.digit === digit ? null : digit;
    this.shown = Batch.TILES;
    [...element("counts").children].forEach((button, index) => {
      button.setAttribute("aria-pressed", String(index === this.digit));
    });
    this.showGrid();
  }

  showGrid() {
    const wanted = this.found.filter((each) => this.digit === null || (each.digit === this.digit && !each.blank));
    element("grid").replaceChildren(...wanted.slice(0, this.shown).map((each) => this.tile(each)));
    element("more").hidden = wanted.length <= this.shown;
    element("more").textContent = `Show more of ${wanted.length}`;
  }

  tile(found) {
    const item = made("li", "", found.doubtful ? "doubtful" : "");
    const button = made("button");
    const canvas = document.createElement("canvas");
    const read = made("span", "", "read");
    const digit = found.blank ? "–" : String(found.digit);
    canvas.width = canvas.height = 84;
    button.type = "button";
    read.append(made("strong", digit), " ", made("span", `${Math.floor(found.confidence * 100)} %`));
    const doubt = made("span", found.doubtful ? ", doubtful" : "", "unseen");
    button.append(canvas, made("span", `${found.picture.name}: `, "unseen"), read, doubt);
    button.onclick = () => {
      element("grid").querySelector("[aria-current]")?.removeAttribute("aria-current");
      button.setAttribute("aria-current", "true");
      showAnswer(found, true);
      element("answer-title").scrollIntoView({ block: "nearest" });
    };
    item.append(button);
    item.setAttribute("aria-busy", "true");
    show(canvas, found.picture.blob).finally(() => item.removeAttribute("aria-busy"));
    return item;
  }

  showRefused() {
    element("refused").hidden = !this.refused.length;
    if (!this.refused.length) return;
    element("refused").querySelector("summary").textContent = `${this.refused.length} could not be read`;
    const lines = this.refused.map(({ name, reason }) => made("li", `${name}: ${reason}`));
    element("refused").querySelector("ul").replaceChildren(...lines);
  }
}
