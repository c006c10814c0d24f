"use strict";

// Makes files small enough to send, splits many into requests, and draws them.

const REQUEST_IMAGES = 250;
const REQUEST_BYTES = 4_000_000; // in base64 this stays below the service's limit of 6 MB
const PART_HEADER_BYTES = 200;
const LARGE_FILE_BYTES = 1_000_000;
const LONGEST_SIDE = 1024; // the service needs no more pixels

/** A file as {name, blob}. A large one, or one in another format, becomes a JPEG. Throws if it is no image. */
async function toImage(file) {
  const supported = ["image/png", "image/jpeg"].includes(file.type);
  if (supported && file.size <= LARGE_FILE_BYTES) return { name: file.name, blob: file };
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return { name: file.name, blob: toBlob(canvas, "image/jpeg") };
}

/** A canvas as a file. Not canvas.toBlob: it waits until the browser is idle, which may take seconds. */
function toBlob(canvas, type = "image/png") {
  const text = atob(canvas.toDataURL(type, 0.92).split(",")[1]);
  return new Blob([Uint8Array.from(text, (character) => character.charCodeAt(0))], { type });
}

/** Splits images into groups that fit one request each. */
function splitIntoRequests(images) {
  const requests = [];
  let bytes = Infinity;
  for (const image of images) {
    const size = image.blob.size + PART_HEADER_BYTES;
    if (bytes + size > REQUEST_BYTES || requests.at(-1).length >= REQUEST_IMAGES) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1).push(image);
    bytes += size;
  }
  return requests;
}

/**
 * Sends the images of one request, again if need be: without an image that is refused, in two halves if it is too
 * large, later if the service is busy. Calls `onAnswer(images, answer)` and `onRefused(image, reason)`.
 */
async function sendRequest(images, options, retries = 5) {
  if (!images.length) return;
  const { version, signal, onAnswer, onRefused } = options;
  try {
    onAnswer(images, await service.predict(images.map((image) => image.blob), version, signal));
  } catch (error) {
    if (error.status === 413 && images.length > 1) {
      const half = Math.ceil(images.length / 2);
      await sendRequest(images.slice(0, half), options, retries);
      await sendRequest(images.slice(half), options, retries);
    } else if (error.index >= 0 && error.index < images.length) {
      onRefused(images[error.index], error.reason.replace(/\bimage \d+\b/, "it"));
      await sendRequest(images.filter((_, index) => index !== error.index), options, retries);
    } else if (error.status === 429 && error.code !== "quota_exceeded" && retries > 0) {
      await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000));
      signal.throwIfAborted();
      await sendRequest(images, options, retries - 1);
    } else {
      throw error;
    }
  }
}

/** Draws an image file into a square canvas, whole and centred. */
async function drawImage(canvas, blob) {
  const bitmap = await createImageBitmap(blob);
  const context = canvas.getContext("2d");
  const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingEnabled = scale < 1;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  bitmap.close();
}
