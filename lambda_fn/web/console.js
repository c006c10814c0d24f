"use strict";

// What people do, and what follows from it.

const SAMPLES = 60;
const random = randomFrom(7);
let again = null; // what to do anew with another model or key
let batch = null;
let latest = 0;

const pad = new Pad(element("pad"), () => start(readPad));

/** Does the work, now and whenever model or key change; a failure is told where it can be seen and heard. */
function start(work) {
  again = work;
  return attempt(work);
}

async function attempt(work) {
  const mine = (latest += 1);
  batch?.stopped.abort();
  element("alert").hidden = true;
  try {
    await work(() => mine === latest);
    if (element("health").classList.contains("bad") && work !== askHealth) await askHealth();
  } catch (error) {
    if (mine === latest && error.name !== "AbortError") tell(error);
  }
}

function tell(error) {
  const known = error instanceof ServiceError;
  const wantsKey = known && [401, 403].includes(error.status) && error.code !== "filtered";
  const about = known && error.requestId && !wantsKey ? ` (request ${error.requestId})` : "";
  const button = made("button", wantsKey ? "Enter the key" : "Try again");
  button.type = "button";
  button.onclick = () => (wantsKey ? openKey(true) : attempt(again || askHealth));
  element("alert").replaceChildren(made("p", `${error.message}${about}`), button);
  element("alert").hidden = false;
}

async function readPad(isLatest) {
  if (pad.empty) return;
  await readOne({ name: "the drawing", blob: pad.picture() }, isLatest);
}

async function readOne(picture, isLatest) {
  const answer = await service.read([picture.blob], element("version").value);
  if (!isLatest()) return;
  await showAnswer(entry(answer, 0, picture));
}

async function readMany(pictures, refused) {
  batch = new Batch();
  await batch.read(pictures, element("version").value, refused);
}

async function takeFiles(files) {
  const pictures = [];
  const refused = [];
  for (const file of files) {
    try {
      pictures.push(await asPicture(file));
    } catch {
      refused.push({ name: file.name, reason: "it is no picture" });
    }
  }
  if (pictures.length === 1 && !refused.length) return start((isLatest) => readOne(pictures[0], isLatest));
  await start(() => readMany(pictures, [...refused]));
  element("batch").scrollIntoView({ block: "start" });
}

async function askHealth() {
  try {
    const models = await service.models();
    const chosen = element("version").value;
    const options = models.map((model) => {
      const option = made("option", `version ${model.version}${model.default ? ", default" : ""}`);
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
  const button = made("button", digit);
  button.type = "button";
  button.setAttribute("aria-label", `Draw a ${digit}`);
  button.onclick = () => {
    element("pad-hint").hidden = true;
    pad.draw(digit, random);
  };
  element("drawn").append(button);
}
element("pad").addEventListener("drawing", () => (element("pad-hint").hidden = true));
element("clear").onclick = () => {
  pad.clear();
  element("pad-hint").hidden = false;
  element("announce").textContent = "The paper is empty.";
};
element("choose").onclick = () => element("files").click();
element("files").onchange = async () => {
  await takeFiles([...element("files").files]);
  element("files").value = "";
};
element("samples").onclick = () => start(() => readMany(samplePictures(SAMPLES), []));
element("version").onchange = () => again && attempt(again);
element("key-button").onclick = () => openKey(element("key-panel").hidden);
element("key").value = service.key;
element("key-panel").onsubmit = (event) => {
  event.preventDefault();
  service.key = element("key").value.trim();
  showKey();
  openKey(false);
  element("key-button").focus();
  if (again) attempt(again);
};
element("key").onkeydown = (event) => {
  if (event.key !== "Escape") return;
  openKey(false);
  element("key-button").focus();
};
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  if (files.length) takeFiles(files);
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
  takeFiles([...event.dataTransfer.files]);
});
showKey();
attempt(askHealth);
