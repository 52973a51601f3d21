for (const section of document.querySelectorAll("[data-table]")) {
  new DataTable(section, data.tables[section.dataset.table], () => {}, () => false);
}
