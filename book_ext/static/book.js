// Names and roles that the theme, docutils and pandas leave out or get wrong, for readers who use a screen reader.
for (const summary of document.querySelectorAll(".bd-links summary")) {
  const title = summary.closest("li").querySelector("a").textContent.trim();
  summary.setAttribute("aria-label", `Pages of ${title}`);
}
document.querySelector(".bd-sidebar-primary")?.setAttribute("role", "complementary");
for (const header of document.querySelectorAll(".bd-article th")) {
  if (header.textContent.trim()) continue; // the corner of a table heads nothing
  const cell = document.createElement("td");
  cell.className = header.className;
  header.replaceWith(cell);
}
for (const entry of document.querySelectorAll(".citation-list > .citation")) {
  entry.setAttribute("role", "listitem");
}
