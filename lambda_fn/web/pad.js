"use strict";

/** A canvas to draw on with mouse, finger or pen. Calls `onDrawn` shortly after each stroke. */
class Pad {
  constructor(canvas, onDrawn) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    this.onDrawn = onDrawn;
    this.pointer = null;
    this.clear();
    canvas.addEventListener("pointerdown", (event) => this.startStroke(event));
    canvas.addEventListener("pointermove", (event) => this.extendStroke(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.endStroke(event));
  }

  clear() {
    clearTimeout(this.timer);
    const { width, height } = this.canvas;
    this.empty = true;
    this.context.fillStyle = "#ffffff"; // pure white, so that the answer has no warning of colours
    this.context.fillRect(0, 0, width, height);
    this.context.strokeStyle = this.context.fillStyle = "#1c1c1c";
    this.context.lineWidth = width * 0.065;
    this.context.lineCap = this.context.lineJoin = "round";
  }

  /** Draws a sample digit. */
  draw(digit, random) {
    this.clear();
    drawDigit(this.context, digit, this.canvas.width, random);
    this.empty = false;
    this.onDrawn();
  }

  image() {
    return toBlob(this.canvas);
  }

  startStroke(event) {
    if (event.button !== 0 || this.pointer !== null) return;
    event.preventDefault();
    clearTimeout(this.timer);
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.position(event);
    this.empty = false;
    this.context.beginPath();
    this.context.arc(...this.last, this.context.lineWidth / 2, 0, 2 * Math.PI);
    this.context.fill();
    this.canvas.dispatchEvent(new Event("drawing"));
  }

  extendStroke(event) {
    if (event.pointerId !== this.pointer) return;
    const points = event.getCoalescedEvents?.() || [];
    for (const point of points.length ? points : [event]) {
      const next = this.position(point);
      this.context.beginPath();
      this.context.moveTo(...this.last);
      this.context.lineTo(...next);
      this.context.stroke();
      this.last = next;
    }
  }

  endStroke(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.timer = setTimeout(this.onDrawn, 350); // wait for a second stroke
  }

  position(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.canvas.width,
      ((event.clientY - box.top) / box.height) * this.canvas.height,
    ];
  }
}
