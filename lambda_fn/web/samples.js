"use strict";

// Draws sample digits, so that the console can be tried without any files.

// SVG paths of 0 to 9 in a square of 100 by 100.
const STROKES = [
  "M50 15 C22 15 20 85 50 85 C80 85 78 15 50 15 Z",
  "M43 27 L54 15 L54 85",
  "M27 34 C30 8 72 8 70 36 C68 54 38 66 26 84 L76 84",
  "M28 24 C40 8 74 14 68 36 C65 47 54 48 46 48 C58 48 74 54 71 70 C68 90 34 90 26 74",
  "M60 85 L60 15 L22 62 L80 62",
  "M72 16 L34 16 L30 47 C45 38 74 42 73 64 C72 88 38 90 26 76",
  "M64 15 C40 26 26 50 30 68 C34 90 70 88 70 66 C70 46 40 44 31 64",
  "M24 18 L76 18 L44 85",
  "M50 48 C24 40 28 14 50 14 C72 14 76 40 50 48 C22 58 26 86 50 86 C74 86 78 58 50 48 Z",
  "M70 34 C66 10 30 12 30 36 C30 58 66 56 70 34 C72 54 68 72 56 86",
];
const PAPERS = ["#ffffff", "#f7f1e1", "#e9edf3", "#d9c7a2", "#f3dcd4"];
const INKS = ["#16213a", "#0b3d91", "#3c3c3c", "#5b1a1a", "#14532d"];
// The last samples are hard to read, by their place from the end.
const HARD = { 7: "faint", 5: "crossed out", 3: "scribble", 2: "empty" };

/** A generator of numbers from 0 to 1, repeatable by its seed (mulberry32). */
function seededRandom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let value = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/** Draws a digit into a square of `side` pixels, slightly rotated, slanted and scaled. */
function drawDigit(context, digit, side, random) {
  const between = (low, high) => low + (high - low) * random();
  context.save();
  context.scale(side / 100, side / 100);
  context.translate(50, 50);
  context.rotate(between(-0.13, 0.13));
  context.transform(between(0.78, 1), 0, between(-0.18, 0.12), between(0.82, 1), 0, 0);
  context.translate(-50, -50);
  context.lineWidth = between(6.5, 9.5);
  context.stroke(new Path2D(STROKES[digit]));
  context.restore();
}

/** Images of digits in various inks and papers. */
function sampleImages(count) {
  const random = seededRandom(28);
  const images = [];
  for (let index = 0; index < count; index += 1) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 72;
    const context = canvas.getContext("2d");
    const kind = HARD[count - index] || "plain";
    context.fillStyle = PAPERS[Math.floor(random() * PAPERS.length)];
    context.fillRect(0, 0, 72, 72);
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = INKS[Math.floor(random() * INKS.length)];
    context.globalAlpha = kind === "faint" ? 0.16 : 1;
    if (!["empty", "scribble"].includes(kind)) drawDigit(context, index % 10, 72, random);
    context.lineWidth = 5;
    if (kind === "crossed out") context.stroke(new Path2D("M0 44 L72 40"));
    if (kind === "scribble") context.stroke(new Path2D("M8 52 C16 0 24 80 32 22 C40 -4 42 84 50 30 C56 6 58 60 66 24"));
    images.push({ name: `sample ${index + 1}`, blob: toBlob(canvas) });
  }
  return images;
}
