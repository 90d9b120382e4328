// Names and roles that the theme, docutils and pandas leave out or get wrong, for readers who use a screen reader.
for (const summary of document.querySelectorAll(".bd-links summary")) {
  const title = summary.closest("li").querySelector("a").textContent.trim();
  summary.setAttribute("aria-label", `Pages of ${title}`);
}
document.querySelector(".bd-sidebar-primary")?.setAttribute("role", "complementary");
for (const corner of document.querySelectorAll(".dataframe th:empty")) {
  corner.replaceWith(document.createElement("td"));
}
for (const entry of document.querySelectorAll(".citation-list > .citation")) {
  entry.setAttribute("role", "listitem");
}
