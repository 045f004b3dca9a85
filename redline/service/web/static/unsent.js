// What the page shows of the outbox: how many wait, that the session has ended, and what the service did not take.
import { $, ask, asking, el } from "./dom.js";
import { english, known, number, t } from "./texts.js";
import { login, who } from "./api.js";
import * as outbox from "./outbox.js";
import { detail } from "./detail.js";
import { label } from "./words.js";

/** said tells in words what an entry says. */
export const said = (fields = {}) =>
  [label("verdict", fields.verdict), fields.reason && label("reason", fields.reason), fields.note]
    .filter((x) => x && x !== "–")
    .join(" · ");

/** refusal tells in words why the service did not take something. */
export const refusal = (status, body = {}) => {
  const key = `why-${status}${body.quota ? "-quota" : ""}`;
  const plain = known(key) ? t(key) : t("why-other", status);
  const why = english ? body.reasons : body.reasons_zh;
  if (!why && known(key) && (!english || [403, 409, 412].includes(status)) && status !== 422) return plain;
  const more = (why ?? [body.detail]).filter(Boolean).join(english ? "; " : "；");
  return more ? `${plain}${english ? ": " : "："}${more}` : plain;
};

/** refusalOf tells why one of many was refused. */
export const refusalOf = (c) => refusal(c.status, { ...c.more, detail: c.detail });

const valueOf = (field, value) =>
  value === "" || value === undefined ? "–" : ["verdict", "reason"].includes(field) ? label(field, value) : value;

/** settle shows both values of a conflict, and has the reviewer choose. */
export const settle = (entry) =>
  ask(
    t("conflictTitle", entry.case),
    (close) => {
      const clashes = entry.held.body.conflicts ?? [];
      const both = entry.held.body.can_keep_both !== false;
      return [
        el("p", {}, t("conflictText")),
        el(
          "table",
          { class: "clash" },
          el(
            "thead",
            {},
            el(
              "tr",
              {},
              ["field", "base", "theirs", "mine"].map((k) => el("th", { scope: "col" }, t(k))),
            ),
          ),
          el(
            "tbody",
            {},
            clashes.map((c) =>
              el(
                "tr",
                {},
                el("th", { scope: "row" }, t(c.field)),
                [c.base, c.ledger, c.yours].map((v) => el("td", {}, valueOf(c.field, v))),
              ),
            ),
          ),
        ),
        el(
          "div",
          { class: "buttons" },
          el(
            "button",
            {
              type: "button",
              class: "main",
              autofocus: true,
              onclick: () => {
                outbox.drop(entry);
                close();
              },
            },
            t("keepTheirs"),
          ),
          both &&
            el(
              "button",
              {
                type: "button",
                onclick: () => {
                  outbox.keepBoth(entry);
                  close();
                },
              },
              t("keepBoth"),
            ),
          el("button", { type: "button", class: "quiet", onclick: close }, t("later")),
        ),
      ];
    },
    true,
  );

/** resay says something again of a case as it is now. */
const resay = async (e) => {
  const d = await detail(e.case, true).catch(() => null);
  if (d) outbox.renew(e, d.seq);
};

/** inbox lists what is not acknowledged. */
export const inbox = (open) =>
  ask(
    t("outbox"),
    (close) => {
      const all = outbox.entries();
      const row = (e) =>
        el(
          "li",
          {},
          el("b", {}, e.cases ? t("matched", number(e.cases.length)) : e.case),
          " ",
          wordsOf(e.body),
          e.login !== who.login && el("p", { class: "pale" }, t("foreign", e.login || t("nobody"))),
          e.held && el("p", { class: "warned" }, e.held.status === 409 ? t("conflictTitle", e.case) : heldText(e)),
          e.held?.body?.cases && refusedList(e.held.body.cases),
          el(
            "div",
            { class: "buttons" },
            e.held?.status === 409 &&
              el(
                "button",
                {
                  type: "button",
                  onclick: () => {
                    close();
                    settle(e);
                  },
                },
                t("conflictTitle", "").replace(/[：:]\s*$/, ""),
              ),
            el(
              "button",
              {
                type: "button",
                onclick: () => {
                  close();
                  open(outbox.casesOf(e)[0]);
                },
              },
              t("openCase"),
            ),
            e.held?.status === 412 &&
              !e.cases &&
              el("button", { type: "button", onclick: () => resay(e).then(close) }, t("resay")),
            e.held &&
              el(
                "button",
                {
                  type: "button",
                  class: "quiet",
                  onclick: () => {
                    outbox.drop(e);
                    close();
                  },
                },
                t("drop"),
              ),
          ),
        );
      return [
        all.length ? el("ol", { class: "unsent" }, all.map(row)) : el("p", {}, t("outboxNone")),
        el(
          "div",
          { class: "buttons" },
          el(
            "button",
            {
              type: "button",
              class: "main",
              onclick: () => {
                close();
                outbox.resume();
              },
            },
            t("sendNow"),
          ),
        ),
      ];
    },
    true,
  );

/** askLogin has somebody log in without leaving the page. */
export const askLogin = (done) =>
  ask(t("login"), (close) => {
    const trouble = el("p", { class: "warned", role: "alert", hidden: true }, t("loginFailed"));
    return el(
      "form",
      {
        class: "form",
        onsubmit: async (e) => {
          e.preventDefault();
          const ok = await login(String(new FormData(e.target).get("token")).trim());
          trouble.hidden = ok;
          if (ok) {
            close();
            done();
          }
        },
      },
      el(
        "label",
        {},
        el("span", {}, t("token")),
        el("input", {
          type: "password",
          name: "token",
          autocomplete: "current-password",
          required: true,
          autofocus: true,
        }),
      ),
      trouble,
      el(
        "div",
        { class: "buttons" },
        el("button", { type: "submit", class: "main" }, t("login")),
        el("a", { class: "button", href: "login", target: "_blank", rel: "noopener" }, t("loginTab")),
      ),
    );
  });

const heldText = (e) => (e.cases ? t("bulkRefused", number(e.cases.length)) : refusal(e.held.status, e.held.body));

/** refusedList lists what was refused of many cases. */
export const refusedList = (cases) =>
  el(
    "ul",
    { class: "refused", tabindex: 0, "aria-label": t("refusedCases") },
    cases.slice(0, 200).map((c) => el("li", {}, el("b", {}, c.id), " ", refusalOf(c))),
    cases.length > 200 && el("li", {}, t("andMore", number(cases.length - 200))),
  );

/** wordsOf tells what an entry says. */
const wordsOf = (body) => {
  const kind = body.kind ?? body.events?.[0].kind;
  return kind === "judged" ? said(body.fields ?? body.events?.[0].fields) : label("event", kind);
};

const size = (entries) => entries.reduce((n, e) => n + outbox.casesOf(e).length, 0);

/** show brings the count and the banner up to date. */
export const show = (again) => {
  const all = outbox.entries(),
    held = size(all.filter((e) => e.held)),
    waiting = size(all) - held,
    { expired, fleeting } = outbox.status();
  const button = $("outbox");
  button.hidden = all.length === 0;
  button.className = held ? "quiet attention" : "quiet waiting";
  button.textContent = [waiting > 0 && t("waiting", number(waiting)), held > 0 && t("held", number(held))]
    .filter(Boolean)
    .join(english ? ", " : "，");
  const banner = $("banner");
  const kind = fleeting && !expired ? "fleeting" : outbox.trouble();
  if (banner.dataset.kind === kind) return;
  banner.dataset.kind = kind;
  banner.hidden = !kind;
  banner.replaceChildren(
    ...(kind
      ? [
          el("span", {}, t(kind)),
          kind === "expired" && el("button", { type: "button", onclick: () => askLogin(again) }, t("login")),
        ].filter(Boolean)
      : []),
  );
};

/** offer shows at once what was not taken, unless something else is asked already: a conflict, or the list with the
 * reason, from which open leads to the case. */
export const offer = (entry, open) => {
  if (asking()) return;
  if (entry.held.status === 409) settle(entry);
  else inbox(open);
};
