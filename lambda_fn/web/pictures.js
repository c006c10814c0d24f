"use strict";

// Files in, pictures that fit a call out, and the calls that carry them.

const CALL = { images: 250, bytes: 4_000_000 }; // 6 MB hold 4.5 MB of bytes; each part has a head too
const PART = 200;
const LARGE = 1_000_000;
const LONGEST = 1024; // more is not looked at

/** A file as {name, blob}; a large one, or one in another format, as a PNG or JPEG of its pixels. Throws if it is none. */
async function asPicture(file) {
  const known = ["image/png", "image/jpeg"].includes(file.type);
  if (known && file.size <= LARGE) return { name: file.name, blob: file };
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return { name: file.name, blob: fileOf(canvas, "image/jpeg") };
}

/** A canvas as a file. At once: toBlob waits for an idle moment, which a busy machine does not have. */
function fileOf(canvas, type = "image/png") {
  const text = atob(canvas.toDataURL(type, 0.92).split(",")[1]);
  return new Blob([Uint8Array.from(text, (character) => character.charCodeAt(0))], { type });
}

/** Pictures in groups, each for one call. */
function inCalls(pictures) {
  const calls = [];
  let bytes = Infinity;
  for (const picture of pictures) {
    const size = picture.blob.size + PART;
    if (bytes + size > CALL.bytes || calls.at(-1).length >= CALL.images) {
      calls.push([]);
      bytes = 0;
    }
    calls.at(-1).push(picture);
    bytes += size;
  }
  return calls;
}

/**
 * Reads the pictures of one call, whatever it takes: one that is refused is given to `refuse` with the reason and the
 * rest is asked again; a call too large is halved; where the service is busy, it is waited for.
 * Each answer is given to `take`, with its pictures.
 */
async function readCall(pictures, { version, signal, take, refuse }, patience = 5) {
  if (!pictures.length) return;
  const again = (some, left = patience) => readCall(some, { version, signal, take, refuse }, left);
  try {
    take(pictures, await service.read(pictures.map((picture) => picture.blob), version, signal));
  } catch (error) {
    if (error.status === 413 && pictures.length > 1) {
      const half = Math.ceil(pictures.length / 2);
      await again(pictures.slice(0, half));
      await again(pictures.slice(half));
    } else if (error.index >= 0 && error.index < pictures.length) {
      refuse(pictures[error.index], error.reason.replace(/\bimage \d+\b/, "it"));
      await again(pictures.filter((_, index) => index !== error.index));
    } else if (error.status === 429 && error.code !== "quota_exceeded" && patience > 0) {
      await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000));
      signal.throwIfAborted();
      await again(pictures, patience - 1);
    } else {
      throw error;
    }
  }
}

/** Draws a picture into a square canvas, whole and centred. */
async function show(canvas, blob) {
  const bitmap = await createImageBitmap(blob);
  const context = canvas.getContext("2d");
  const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingEnabled = scale < 1;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  bitmap.close();
}
