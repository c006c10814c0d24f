"use strict";

/** Paper to draw on, with mouse, finger or pen; `changed` is called a moment after each stroke. */
class Pad {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    this.changed = changed;
    this.pointer = null;
    this.clear();
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.extend(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.end(event));
  }

  clear() {
    clearTimeout(this.timer);
    const { width, height } = this.canvas;
    this.empty = true;
    this.context.fillStyle = "#ffffff"; // without a tint, that the service would have to say it left out
    this.context.fillRect(0, 0, width, height);
    this.context.strokeStyle = this.context.fillStyle = "#1c1c1c";
    this.context.lineWidth = width * 0.065;
    this.context.lineCap = this.context.lineJoin = "round";
  }

  /** Draws a digit by itself. */
  draw(digit, random) {
    this.clear();
    drawDigit(this.context, digit, this.canvas.width, random);
    this.empty = false;
    this.changed();
  }

  picture() {
    return fileOf(this.canvas);
  }

  begin(event) {
    if (event.button !== 0 || this.pointer !== null) return;
    event.preventDefault();
    clearTimeout(this.timer);
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.place(event);
    this.empty = false;
    this.context.beginPath();
    this.context.arc(...this.last, this.context.lineWidth / 2, 0, 2 * Math.PI);
    this.context.fill();
    this.canvas.dispatchEvent(new Event("drawing"));
  }

  extend(event) {
    if (event.pointerId !== this.pointer) return;
    const passed = event.getCoalescedEvents?.() || [];
    for (const each of passed.length ? passed : [event]) {
      const next = this.place(each);
      this.context.beginPath();
      this.context.moveTo(...this.last);
      this.context.lineTo(...next);
      this.context.stroke();
      this.last = next;
    }
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.timer = setTimeout(this.changed, 350); // a digit may have a second stroke
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.canvas.width,
      ((event.clientY - box.top) / box.height) * this.canvas.height,
    ];
  }
}
