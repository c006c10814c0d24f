"use strict";

// The service's answers, and its refusals in words. All addresses are relative: the page may lie under a stage's path.

const KEY = "postal-digits-api-key";

/** Why a call has no answer; the message is for people. `status` is 0 where nothing answered. */
class ServiceError extends Error {
  constructor(message, status, body = {}, retryAfter = 0) {
    super(message);
    this.status = status;
    this.code = body.code || "";
    this.requestId = body.request_id || "";
    this.reason = body.error || message;
    this.retryAfter = retryAfter;
    /** The picture that is to blame, by its place in the call, or -1. */
    this.index = [400, 413, 415].includes(status) ? Number(/\bimage (\d+)\b/.exec(body.error || "")?.[1] ?? -1) : -1;
  }
}

const service = {
  get key() {
    return sessionStorage.getItem(KEY) || "";
  },
  set key(value) {
    value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY);
  },

  /** The models that answer: [{name, version, sha256, default}]. */
  async models() {
    return (await this.call("health", {})).models;
  },

  /** Reads pictures (blobs); the answer as the API gives it, with `milliseconds` there and back. */
  async read(blobs, version, signal) {
    const form = new FormData();
    blobs.forEach((blob, index) => form.append("files", blob, `${index}.png`));
    const query = new URLSearchParams({ probabilities: "true", seen: "true" });
    if (version) query.set("version", version);
    const headers = this.key ? { "x-api-key": this.key } : {};
    const began = performance.now();
    const answer = await this.call(`predict/img?${query}`, { method: "POST", body: form, headers, signal });
    return { ...answer, milliseconds: performance.now() - began };
  },

  async call(address, options) {
    let response;
    try {
      response = await fetch(address, { ...options, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServiceError("The service can't be reached. Is it running, and are you online?", 0);
    }
    const body = await response.json().catch(() => ({}));
    if (response.status === 200) return body;
    const wait = Number(response.headers.get("retry-after")) || 1;
    throw new ServiceError(inWords(response.status, body, wait, Boolean(this.key)), response.status, body, wait);
  },
};

function inWords(status, body, wait, hasKey) {
  if (status === 401 || status === 403) {
    if (body.code === "filtered") return "The firewall refused the request.";
    return hasKey ? "The service refused this API key." : "This service takes an API key, and none is entered.";
  }
  if (status === 413) return `That is more than one call may carry: ${body.error || "send less at once"}.`;
  if (body.code === "quota_exceeded") return "This API key's requests of today are used up.";
  if (status === 429) return `The service is busy just now. Try again in ${wait} s.`;
  if (status >= 500) return `The service failed (${status}). The picture is not the reason; try again in a moment.`;
  return `The request was refused: ${body.error || `status ${status}`}.`;
}
