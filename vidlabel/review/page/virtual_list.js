// A list of any length: only the rows in sight are elements.

const ROW = 44;
const SPARE = 6;

export class VirtualList {
  #items = [];
  #chosen = -1;
  #spacer = document.createElement("div");
  #rows = new Map();

  // fill(row, item) fills an empty element; onChoose(item) is called at a click.
  constructor(element, fill, onChoose) {
    this.element = element;
    this.fill = fill;
    element.append(this.#spacer);
    this.#spacer.setAttribute("role", "presentation");
    element.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(element);
    element.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) onChoose(this.#items[Number(row.dataset.place)]);
    });
  }

  get items() {
    return this.#items;
  }

  show(items, chosen) {
    this.#items = items;
    this.#spacer.style.height = `${items.length * ROW}px`;
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.choose(chosen);
  }

  // Mark the item at this place, and bring it into sight.
  choose(place) {
    this.#chosen = place;
    if (place >= 0) {
      const top = place * ROW;
      const { scrollTop, clientHeight } = this.element;
      if (top < scrollTop || top + ROW > scrollTop + clientHeight) {
        this.element.scrollTop = Math.max(0, top - clientHeight / 3);
      }
    }
    this.#draw();
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - SPARE);
    const end = Math.min(this.#items.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / ROW) + SPARE);
    for (const [place, row] of this.#rows) {
      if (place < first || place >= end) {
        row.remove();
        this.#rows.delete(place);
      }
    }
    for (let place = first; place < end; place += 1) {
      if (!this.#rows.has(place)) this.#rows.set(place, this.#make(place));
    }
    for (const [place, row] of this.#rows) {
      const chosen = place === this.#chosen;
      row.classList.toggle("chosen", chosen);
      row.setAttribute("aria-selected", String(chosen));
    }
    const row = this.#rows.get(this.#chosen);
    if (row) this.element.setAttribute("aria-activedescendant", row.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #make(place) {
    const row = document.createElement("div");
    row.className = "row";
    row.id = `${this.element.id}-${place}`;
    row.dataset.place = String(place);
    row.style.top = `${place * ROW}px`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-setsize", String(this.#items.length));
    row.setAttribute("aria-posinset", String(place + 1));
    this.fill(row, this.#items[place]);
    this.element.append(row);
    return row;
  }
}
