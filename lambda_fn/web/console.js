"use strict";

// Connects the page's controls to the service.

const SAMPLES = 60;
const random = seededRandom(7);
let lastTask = null; // repeated with another model version or key
let batch = null;
let runs = 0;

const pad = new Pad(element("pad"), () => start(readPad));

/** Runs a task now, and again whenever the model version or key changes. */
function start(task) {
  lastTask = task;
  return run(task);
}

/** Runs a task, shows its error, and tells it by `isLatest()` whether a newer one has started. */
async function run(task) {
  const number = (runs += 1);
  const isLatest = () => number === runs;
  batch?.abort.abort();
  element("alert").hidden = true;
  try {
    await task(isLatest);
    if (element("health").classList.contains("bad") && task !== checkHealth) await checkHealth();
  } catch (error) {
    if (isLatest() && error.name !== "AbortError") showError(error);
  }
}

function showError(error) {
  const isKnown = error instanceof ServiceError;
  const needsKey = isKnown && [401, 403].includes(error.status) && error.code !== "filtered";
  const request = isKnown && error.requestId && !needsKey ? ` (request ${error.requestId})` : "";
  const button = createElement("button", needsKey ? "Enter the key" : "Try again");
  button.type = "button";
  button.onclick = () => (needsKey ? openKey(true) : run(lastTask || checkHealth));
  element("alert").replaceChildren(createElement("p", `${error.message}${request}`), button);
  element("alert").hidden = false;
}

async function readPad(isLatest) {
  if (pad.empty) return;
  await readOne({ name: "your drawing", blob: pad.image() }, isLatest);
}

async function readOne(image, isLatest) {
  const answer = await service.predict([image.blob], element("version").value);
  if (!isLatest()) return;
  await showResult(resultOf(answer, 0, image));
}

async function readMany(images, refused) {
  batch = new Batch();
  await batch.send(images, element("version").value, refused);
}

async function readFiles(files) {
  const images = [];
  const refused = [];
  for (const file of files) {
    try {
      images.push(await toImage(file));
    } catch {
      refused.push({ name: file.name, reason: "it is not an image" });
    }
  }
  if (images.length === 1 && !refused.length) return start((isLatest) => readOne(images[0], isLatest));
  await start(() => readMany(images, [...refused]));
  element("batch").scrollIntoView({ block: "start" });
}

async function checkHealth() {
  try {
    const models = await service.models();
    const chosen = element("version").value;
    const options = models.map((model) => {
      const option = createElement("option", `version ${model.version}${model.default ? ", default" : ""}`);
      option.value = model.version;
      option.selected = chosen ? model.version === chosen : model.default;
      return option;
    });
    element("version").replaceChildren(...options);
    element("health").textContent = "The service answers";
    element("health").className = "health good";
  } catch (error) {
    element("health").textContent = error.status ? "The service is busy or failing" : "The service can't be reached";
    element("health").className = "health bad";
    throw error;
  }
}

function openKey(open) {
  element("key-panel").hidden = !open;
  element("key-button").setAttribute("aria-expanded", String(open));
  if (open) element("key").focus();
}

function showKey() {
  element("key-button").textContent = service.key ? "API key ✓" : "API key";
}

function hasFiles(event) {
  return [...(event.dataTransfer?.types || [])].includes("Files");
}

for (let digit = 0; digit < 10; digit += 1) {
  const button = createElement("button", digit);
  button.type = "button";
  button.setAttribute("aria-label", `Draw a ${digit}`);
  button.onclick = () => {
    element("pad-hint").hidden = true;
    pad.draw(digit, random);
  };
  element("examples").append(button);
}
element("pad").addEventListener("drawing", () => (element("pad-hint").hidden = true));
element("clear").onclick = () => {
  pad.clear();
  element("pad-hint").hidden = false;
  element("announcement").textContent = "The paper is empty.";
};
element("choose").onclick = () => element("files").click();
element("files").onchange = async () => {
  await readFiles([...element("files").files]);
  element("files").value = "";
};
element("samples").onclick = () => start(() => readMany(sampleImages(SAMPLES), []));
element("version").onchange = () => lastTask && run(lastTask);
element("key-button").onclick = () => openKey(element("key-panel").hidden);
element("key").value = service.key;
element("key-panel").onsubmit = (event) => {
  event.preventDefault();
  service.key = element("key").value.trim();
  showKey();
  openKey(false);
  element("key-button").focus();
  if (lastTask) run(lastTask);
};
element("key").onkeydown = (event) => {
  if (event.key !== "Escape") return;
  openKey(false);
  element("key-button").focus();
};
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  if (files.length) readFiles(files);
});
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  element("drop").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) element("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  element("drop").classList.remove("over");
  readFiles([...event.dataTransfer.files]);
});
showKey();
run(checkHealth);
