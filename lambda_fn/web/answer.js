"use strict";

// One picture's answer, in words, bars and pixels.

const WORDS = {
  low_confidence: "A person should look at it",
  blank: "Nothing is on the paper",
  unclear: "More than ink on paper",
  cluttered: "Something beside the digit was left out",
  low_contrast: "Ink and paper differ little",
  colour: "Colours were left out",
  inverted: "Dark ink on light paper was turned round",
  resized: "Brought to the network's size",
  recentred: "Moved to the middle",
};
const DOUBTS = ["low_confidence", "blank", "unclear", "cluttered", "low_contrast"];

const element = (id) => document.getElementById(id);
const percent = (share) => (share > 0.9995 ? "> 99.9 %" : `${(share * 100).toFixed(1)} %`);

/** An element with text in it. */
function made(tag, text = "", className = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  node.className = className;
  return node;
}

/** The answer's entries for one picture. */
function entry(answer, index, picture) {
  const warnings = answer.warnings[index];
  return {
    picture,
    warnings,
    digit: answer.y[index],
    confidence: answer.confidence[index],
    probabilities: answer.probabilities[index],
    seen: answer.seen[index],
    doubtful: warnings.includes("low_confidence"),
    blank: warnings.includes("blank"),
    model: answer.model,
    milliseconds: answer.milliseconds,
  };
}

async function showAnswer(found, isOneOfMany = false) {
  element("empty").hidden = true;
  element("answer").hidden = false;
  element("digit").textContent = found.blank ? "–" : found.digit;
  element("digit").classList.toggle("doubtful", found.doubtful);
  element("sure").textContent = found.blank ? "No digit" : `${percent(found.confidence)} sure`;
  element("verdict").textContent = found.doubtful ? "A person should look." : "Read without doubt.";
  showBars(found);
  const shown = Object.keys(WORDS).filter((code) => found.warnings.includes(code));
  const notes = shown.map((code) => made("li", WORDS[code], DOUBTS.includes(code) ? "doubtful" : ""));
  element("warnings").replaceChildren(...notes);
  const who = `${found.model.name}, version ${found.model.version}`;
  const time = `${Math.max(1, Math.round(found.milliseconds))} ms`;
  element("facts").textContent = isOneOfMany
    ? `${found.picture.name}, read by ${who}.`
    : `Read by ${who}, in ${time} there and back.`;
  const doubt = found.doubtful ? " A person should look." : "";
  element("announce").textContent = found.blank
    ? "Nothing is on the paper."
    : `Read as ${found.digit}, ${percent(found.confidence)} sure.${doubt}`;
  showSeen(found.seen);
  await show(element("given"), found.picture.blob);
}

function showBars(found) {
  const rows = found.probabilities.map((share, digit) => {
    const row = made("li", "", digit === found.digit && !found.blank ? "best" : "");
    const track = made("span", "", "track");
    const fill = made("span", "", "fill");
    fill.style.width = `${share * 100}%`;
    track.append(fill);
    row.append(made("span", digit), track, made("span", percent(share), "share"));
    return row;
  });
  element("bars").replaceChildren(...rows);
}

/** 784 bytes in base64, the rows of 28 by 28 pixels. */
function showSeen(seen) {
  const image = new ImageData(28, 28);
  [...atob(seen)].forEach((character, index) => {
    image.data.fill(character.charCodeAt(0), index * 4, index * 4 + 3);
    image.data[index * 4 + 3] = 255;
  });
  element("seen").getContext("2d").putImageData(image, 0, 0);
}
