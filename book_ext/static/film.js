// A film: the sheet of frames that `film` of solutions_lib/plotting.py shows becomes a window on one frame, with a
// button and a slider. It opens on the last frame. Nothing moves unasked, out of sight, or where the reader's system
// asks for less motion. Without this script the sheet and the line of labels stay.
{
  const COLUMNS = 4;
  const FRAMES_PER_SECOND = 4;
  const LABELS = /^Frames, four a row: (.*)\n?/m;
  const create = (name, properties) => Object.assign(document.createElement(name), properties);

  const makePlayer = (sheet, labels) => {
    const rows = Math.ceil(labels.length / COLUMNS);
    const last = labels.length - 1;
    const pane = create("div", { className: "film-window" });
    const controls = create("div", { className: "film-controls" });
    const button = create("button", { type: "button", textContent: "Play" });
    const slider = create("input", { type: "range", max: last, ariaLabel: "Frame" });
    const label = create("output");
    let timer = null;

    const show = (frame) => {
      slider.value = frame;
      slider.ariaValueText = labels[frame];
      // Announced once it stands still; a slider in focus speaks for itself.
      label.ariaLive = timer || document.activeElement === slider ? "off" : "polite";
      label.textContent = labels[frame];
      const [column, row] = [frame % COLUMNS, Math.floor(frame / COLUMNS)];
      sheet.style.transform = `translate(${(-100 * column) / COLUMNS}%, ${(-100 * row) / rows}%)`;
    };
    const pause = () => {
      if (!timer) return;
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
      show(slider.valueAsNumber);
    };
    const play = () => {
      timer = setInterval(() => {
        show(slider.valueAsNumber + 1);
        if (slider.valueAsNumber === last) pause();
      }, 1000 / FRAMES_PER_SECOND);
      button.textContent = "Pause";
      show(slider.valueAsNumber === last ? 0 : slider.valueAsNumber);
    };

    button.addEventListener("click", () => (timer ? pause() : play()));
    slider.addEventListener("input", () => {
      pause();
      show(slider.valueAsNumber);
    });
    document.addEventListener("visibilitychange", pause);
    matchMedia("(prefers-reduced-motion: reduce)").addEventListener("change", pause);
    new IntersectionObserver(([entry]) => entry.isIntersecting || pause()).observe(pane);

    const [width, height] = [sheet.naturalWidth / COLUMNS, sheet.naturalHeight / rows];
    pane.style.setProperty("--width", width);
    pane.style.setProperty("--ratio", width / height);
    label.style.minWidth = `${Math.max(...labels.map((text) => text.length))}ch`; // the slider keeps its length
    controls.append(button, slider, label);
    sheet.replaceWith(pane, controls);
    pane.append(sheet);
    show(last);
  };

  for (const pre of document.querySelectorAll(".cell_output .stream pre")) {
    const line = pre.textContent.match(LABELS);
    if (!line) continue;
    const sheet = pre.closest(".cell_output").querySelector("img");
    sheet.decode().then(() => {
      makePlayer(sheet, line[1].split(" | "));
      pre.textContent = pre.textContent.replace(LABELS, "");
      if (!pre.textContent) pre.closest(".stream").hidden = true;
    });
  }
}
