// What the page keeps in the storage of the browser, apart for each service of an origin. Where the browser has no room
// for it or does not allow it, it is kept as long as the page is open.

const memory = new Map(); // text by name, of what the storage did not take

/** keptAt is how the names of a kind of things begin. */
export const keptAt = (kind) => `greenshield.${kind} ${new URL(".", document.baseURI).pathname} `;

const stored = () => {
  try {
    return localStorage;
  } catch {
    return null; // it is blocked
  }
};

/** store keeps a value. Where there is no room, what was only kept for undoing goes first. */
export const store = (name, value) => {
  const text = JSON.stringify(value);
  for (;;) {
    try {
      localStorage.setItem(name, text);
      memory.delete(name);
      return;
    } catch {
      const old = stored() && namesOf("undo").find((n) => n !== name && !memory.has(n));
      if (!old) break;
      localStorage.removeItem(old);
    }
  }
  memory.set(name, text);
};

/** recall returns a value that is kept, null when there is none or it cannot be read. */
export const recall = (name) => {
  try {
    return JSON.parse(memory.get(name) ?? stored()?.getItem(name) ?? null);
  } catch {
    return null;
  }
};

export const remove = (name) => {
  memory.delete(name);
  stored()?.removeItem(name);
};

/** namesOf lists the names of what is kept of a kind, in their order. */
export const namesOf = (kind) => {
  const prefix = keptAt(kind);
  return [...new Set([...Object.keys(stored() ?? {}), ...memory.keys()])]
    .filter((name) => name.startsWith(prefix))
    .sort();
};

/** isFleeting tells whether something of a kind is lost when the page is closed. */
export const isFleeting = (kind) => [...memory.keys()].some((name) => name.startsWith(keptAt(kind)));
