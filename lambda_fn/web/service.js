"use strict";

// Calls the service. All URLs are relative, so that the page also works under a stage's path.

const KEY = "postal-digits-api-key";

/** Why a request has no answer, in words for people. `status` is 0 if nothing answered. */
class ServiceError extends Error {
  constructor(message, status, body = {}, retryAfter = 0) {
    super(message);
    this.status = status;
    this.code = body.code || "";
    this.requestId = body.request_id || "";
    this.reason = body.error || message;
    this.retryAfter = retryAfter;
    /** Index of the bad image in the request, or -1. */
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

  /** The model versions that answer: [{name, version, sha256, default}]. */
  async models() {
    return (await this.request("health", {})).models;
  },

  /** Reads the digits of image files (blobs). Adds `milliseconds`, the round trip, to the API's answer. */
  async predict(blobs, version, signal) {
    const form = new FormData();
    blobs.forEach((blob, index) => form.append("files", blob, `${index}.png`));
    const query = new URLSearchParams({ probabilities: "true", seen: "true" });
    if (version) query.set("version", version);
    const headers = this.key ? { "x-api-key": this.key } : {};
    const start = performance.now();
    const answer = await this.request(`predict/img?${query}`, { method: "POST", body: form, headers, signal });
    return { ...answer, milliseconds: performance.now() - start };
  },

  async request(url, options) {
    let response;
    try {
      response = await fetch(url, { ...options, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServiceError("The service can't be reached. Is it running, and are you online?", 0);
    }
    const body = await response.json().catch(() => ({}));
    if (response.status === 200) return body;
    const wait = Number(response.headers.get("retry-after")) || 1;
    throw new ServiceError(explain(response.status, body, wait, Boolean(this.key)), response.status, body, wait);
  },
};

function explain(status, body, wait, hasKey) {
  if (status === 401 || status === 403) {
    if (body.code === "filtered") return "The firewall refused the request.";
    return hasKey ? "The service refused this API key." : "This service needs an API key. Enter yours.";
  }
  if (status === 413) return `The request is too large: ${body.error || "send less at once"}.`;
  if (body.code === "quota_exceeded") return "This API key has used up its requests for today.";
  if (status === 429) return `The service is busy. Try again in ${wait} s.`;
  if (status >= 500) return `The service failed (${status}). Your image is not the cause; try again in a moment.`;
  return `The service refused the request: ${body.error || `status ${status}`}.`;
}
