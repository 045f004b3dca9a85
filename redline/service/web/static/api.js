// How the page talks with the service. All addresses are relative to the page's own folder, so it works below any path.

/** Problem is an answer that is no success; status is 0 where there was no answer. */
export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.detail || body.title || "");
    this.status = status;
    this.body = body;
  }
}

const timeout = 20_000; // milliseconds that an answer may take

export const address = (path) => new URL(path, document.baseURI).href;

const read = async (response) => {
  const kind = response.headers.get("Content-Type") ?? "";
  if (!kind.includes("json")) return {};
  return response.json().catch(() => ({}));
};

/** send asks for an address, and returns {status, body, etag}; anything but a success is a Problem. */
export const send = async (path, options = {}) => {
  const signal = options.signal
    ? AbortSignal.any([options.signal, AbortSignal.timeout(options.timeout ?? timeout)])
    : AbortSignal.timeout(options.timeout ?? timeout);
  let response, body;
  try {
    response = await fetch(path, {
      credentials: "same-origin",
      ...options,
      headers: { Accept: "application/json", ...options.headers },
      signal,
    });
    body = await read(response);
  } catch (e) {
    if (options.signal?.aborted) throw e;
    throw new Problem(0);
  }
  if (!response.ok) throw new Problem(response.status, body);
  if (response.redirected && new URL(response.url).pathname.endsWith("/login")) throw new Problem(401);
  return {
    status: response.status,
    body,
    etag: response.headers.get("ETag"),
    after: response.headers.get("Retry-After"),
  };
};

export const get = (path, options) => send(path, options);

export const post = (path, body, headers = {}, options = {}) =>
  send(path, {
    ...options,
    method: "POST",
    headers: { "Content-Type": "application/json", ...speaker(), ...headers },
    body: JSON.stringify(body),
  });

/** speaker names who is at the page, so that the service takes nothing in the name of another who has logged in in this
 * browser since. */
export const speaker = () => (who.login ? { "Greenshield-Login": encodeURIComponent(who.login) } : {});

/** who is the person at the page: {login, name, role, level, counties}. */
export const who = { login: "", name: "", role: "reader" };

export const mayJudge = () => who.role !== "reader";

/** mayMove tells whether that person may do more than judge and fill in. */
export const mayMove = () => ["acceptor", "keeper"].includes(who.role);

/** identify asks the service who that is. */
export const identify = async () => {
  const { body } = await get("me", { cache: "no-store" });
  Object.assign(who, { login: "", name: "", role: "reader", level: "", counties: [] }, body);
  return who;
};

/** login makes a session by a token; false when the service does not take it. */
export const login = async (token) => {
  const form = new URLSearchParams({ token });
  try {
    await fetch("login", {
      method: "POST",
      body: form,
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeout),
    });
    await identify();
  } catch {
    return false;
  }
  return who.login !== "" || who.role !== "reader";
};

/** random is 128 bits in hexadecimal digits; randomUUID is only there on secure pages. */
export const random = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
