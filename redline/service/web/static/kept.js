// What the page keeps in the storage of the browser, apart for each service of an origin.

/** keptAt is how the names of a kind of things begin. */
export const keptAt = (kind) => `greenshield.${kind} ${new URL(".", document.baseURI).pathname} `;

/** store keeps a value. Where there is no room, what was only kept for undoing goes first. */
export const store = (name, value) => {
  const text = JSON.stringify(value);
  for (;;) {
    try {
      return localStorage.setItem(name, text);
    } catch (e) {
      const old = namesOf("undo").find((n) => n !== name);
      if (!old) throw e;
      localStorage.removeItem(old);
    }
  }
};

export const remove = (name) => localStorage.removeItem(name);

/** namesOf lists the names of what is kept of a kind, in their order. */
export const namesOf = (kind) => {
  const prefix = keptAt(kind);
  return Object.keys(localStorage)
    .filter((name) => name.startsWith(prefix))
    .sort();
};
