"use strict";

/** Sends many images and shows their answers: counts per digit, and a grid with the doubtful ones first. */
class Batch {
  static TILES = 240;

  constructor() {
    this.results = [];
    this.refused = [];
    this.digit = null;
    this.tiles = Batch.TILES;
    this.abort = new AbortController();
  }

  /** Sends all images. Throws an error that stops the whole batch; the results until then are shown. */
  async send(images, version, refused = []) {
    this.refused = refused;
    this.total = images.length + refused.length;
    const start = performance.now();
    this.showStart();
    const options = {
      version,
      signal: this.abort.signal,
      onAnswer: (some, answer) => this.add(some, answer),
      onRefused: (image, reason) => this.refused.push({ name: image.name, reason }),
    };
    try {
      for (const request of splitIntoRequests(images)) await sendRequest(request, options);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    } finally {
      this.seconds = (performance.now() - start) / 1000;
      this.showEnd();
    }
  }

  showStart() {
    element("batch").hidden = false;
    element("progress").hidden = element("stop").hidden = false;
    element("progress").max = this.total;
    element("progress").value = 0;
    element("summary").textContent = `Reading ${this.total} images …`;
    for (const id of ["counts", "grid"]) element(id).replaceChildren();
    element("more").hidden = element("refused").hidden = true;
    element("stop").onclick = () => this.abort.abort();
    element("more").onclick = () => {
      this.tiles += Batch.TILES;
      this.showGrid();
    };
  }

  add(images, answer) {
    images.forEach((image, index) => this.results.push(resultOf(answer, index, image)));
    element("progress").value = this.results.length + this.refused.length;
    element("progress").textContent = `${this.results.length} of ${this.total}`;
  }

  showEnd() {
    element("progress").hidden = element("stop").hidden = true;
    // Doubtful ones first, blank ones after those with ink, then by confidence.
    this.results.sort((a, b) => b.doubtful - a.doubtful || a.blank - b.blank || a.confidence - b.confidence);
    const doubtful = this.results.filter((result) => result.doubtful).length;
    const unsent = this.total - this.results.length - this.refused.length;
    const parts = [`${this.results.length} read in ${this.seconds.toFixed(1)} s`, `${doubtful} doubtful`];
    if (unsent > 0) parts.push(`${unsent} not sent`);
    element("summary").textContent = `${parts.join(", ")}.`;
    this.showRefused();
    if (!this.results.length) return;
    this.showCounts();
    this.showGrid();
    showResult(this.results[0], true);
  }

  showCounts() {
    const counts = Array(10).fill(0);
    for (const result of this.results) if (!result.blank) counts[result.digit] += 1;
    const highest = Math.max(...counts, 1);
    const buttons = counts.map((count, digit) => {
      const button = createElement("button");
      const column = createElement("span", "", "column");
      const fill = createElement("span");
      fill.style.height = `${(count / highest) * 100}%`;
      column.append(fill);
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      // Screen readers say "Digit 7, 12 images"; the style sheet moves the count to the top.
      button.append(
        createElement("span", "Digit ", "visually-hidden"), createElement("span", digit, "label"), column,
        createElement("span", ", ", "visually-hidden"), createElement("span", count, "count"),
        createElement("span", " images", "visually-hidden"),
      );
      button.onclick = () => this.filter(digit);
      return button;
    });
    element("counts").replaceChildren(...buttons);
  }

  filter(digit) {
    this.digit = this.digit === digit ? null : digit;
    this.tiles = Batch.TILES;
    [...element("counts").children].forEach((button, index) => {
      button.setAttribute("aria-pressed", String(index === this.digit));
    });
    this.showGrid();
  }

  showGrid() {
    const matching = this.results.filter(
      (result) => this.digit === null || (result.digit === this.digit && !result.blank),
    );
    element("grid").replaceChildren(...matching.slice(0, this.tiles).map((result) => this.createTile(result)));
    element("more").hidden = matching.length <= this.tiles;
    element("more").textContent = `Show more of ${matching.length}`;
  }

  createTile(result) {
    const item = createElement("li", "", result.doubtful ? "doubtful" : "");
    const button = createElement("button");
    const canvas = document.createElement("canvas");
    const caption = createElement("span", "", "caption");
    const digit = result.blank ? "–" : String(result.digit);
    const confidence = createElement("span", `${Math.floor(result.confidence * 100)} %`);
    canvas.width = canvas.height = 84;
    button.type = "button";
    caption.append(createElement("strong", digit), " ", confidence);
    const name = createElement("span", `${result.image.name}: `, "visually-hidden");
    button.append(canvas, name, caption);
    if (result.doubtful) button.append(createElement("span", ", doubtful", "visually-hidden"));
    button.onclick = () => {
      element("grid").querySelector("[aria-current]")?.removeAttribute("aria-current");
      button.setAttribute("aria-current", "true");
      showResult(result, true);
      element("answer-title").scrollIntoView({ block: "nearest" });
    };
    item.append(button);
    item.setAttribute("aria-busy", "true");
    drawImage(canvas, result.image.blob).finally(() => item.removeAttribute("aria-busy"));
    return item;
  }

  showRefused() {
    element("refused").hidden = !this.refused.length;
    if (!this.refused.length) return;
    element("refused").querySelector("summary").textContent = `${this.refused.length} could not be read`;
    const items = this.refused.map(({ name, reason }) => createElement("li", `${name}: ${reason}`));
    element("refused").querySelector("ul").replaceChildren(...items);
  }
}
