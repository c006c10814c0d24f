"use strict";

// Shows the answer for one image.

const WARNINGS = {
  low_confidence: "A person should check it",
  blank: "The paper is blank",
  unclear: "More than ink on paper",
  cluttered: "Marks beside the digit were left out",
  low_contrast: "Ink and paper are similar",
  colour: "Colours were removed",
  inverted: "Dark ink on light paper was inverted",
  resized: "Scaled to the network's size",
  recentred: "Moved to the middle",
};
const DOUBTS = ["low_confidence", "blank", "unclear", "cluttered", "low_contrast"];

const element = (id) => document.getElementById(id);
const percent = (share) => (share > 0.9995 ? "> 99.9 %" : `${(share * 100).toFixed(1)} %`);

function createElement(tag, text = "", className = "") {
  const created = document.createElement(tag);
  created.textContent = text;
  created.className = className;
  return created;
}

/** The part of an answer that is about one image. */
function resultOf(answer, index, image) {
  const warnings = answer.warnings[index];
  return {
    image,
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

async function showResult(result, isOneOfMany = false) {
  element("empty").hidden = true;
  element("answer").hidden = false;
  element("digit").textContent = result.blank ? "–" : result.digit;
  element("digit").classList.toggle("doubtful", result.doubtful);
  element("confidence").textContent = result.blank ? "No digit" : `${percent(result.confidence)} sure`;
  element("verdict").textContent = result.doubtful ? "A person should check it." : "Read without doubt.";
  showProbabilities(result);
  const codes = Object.keys(WARNINGS).filter((code) => result.warnings.includes(code));
  const items = codes.map((code) => createElement("li", WARNINGS[code], DOUBTS.includes(code) ? "doubtful" : ""));
  element("warnings").replaceChildren(...items);
  const model = `${result.model.name}, version ${result.model.version}`;
  const time = `${Math.max(1, Math.round(result.milliseconds))} ms`;
  element("details").textContent = isOneOfMany
    ? `${result.image.name}, read by ${model}.`
    : `Read by ${model}, in ${time} (round trip).`;
  const doubt = result.doubtful ? " A person should check it." : "";
  element("announcement").textContent = result.blank
    ? "The paper is blank."
    : `Read as ${result.digit}, ${percent(result.confidence)} sure.${doubt}`;
  showSeen(result.seen);
  await drawImage(element("sent"), result.image.blob);
}

function showProbabilities(result) {
  const bars = result.probabilities.map((share, digit) => {
    const bar = createElement("li", "", digit === result.digit && !result.blank ? "best" : "");
    const track = createElement("span", "", "track");
    const fill = createElement("span", "", "fill");
    fill.style.width = `${share * 100}%`;
    track.append(fill);
    bar.append(createElement("span", digit), track, createElement("span", percent(share), "share"));
    return bar;
  });
  element("probabilities").replaceChildren(...bars);
}

/** Shows `seen`: 28×28 bytes in base64. */
function showSeen(seen) {
  const pixels = new ImageData(28, 28);
  [...atob(seen)].forEach((character, index) => {
    pixels.data.fill(character.charCodeAt(0), index * 4, index * 4 + 3);
    pixels.data[index * 4 + 3] = 255;
  });
  element("seen").getContext("2d").putImageData(pixels, 0, 0);
}
