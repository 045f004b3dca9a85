// What the page shows of the outbox: how many wait, that the session has ended, and what the service did not take.
import { $, ask, asking, el } from "./dom.js";
import { english, t } from "./texts.js";
import { login, who } from "./api.js";
import * as outbox from "./outbox.js";
import { label } from "./words.js";

/** said tells in words what an entry says. */
export const said = (fields = {}) =>
  [label("verdict", fields.verdict), fields.reason && label("reason", fields.reason), fields.note]
    .filter((x) => x && x !== "–")
    .join(" · ");

/** refusal tells in words why the service did not take something. */
export const refusal = (status, body = {}) => {
  const plain = ["400", "403", "404", "412", "413", "415", "422"].includes(String(status))
    ? t("why-" + status)
    : t("why-other", status);
  const more = (body.reasons ?? [body.detail]).filter(Boolean).join("；");
  return more ? `${plain}：${more}` : plain;
};

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
          el("b", {}, e.case),
          " ",
          said(e.body.fields),
          e.login !== who.login && el("p", { class: "pale" }, t("foreign", e.login || t("nobody"))),
          e.held &&
            el(
              "p",
              { class: "warned" },
              e.held.status === 409 ? t("conflictTitle", e.case) : refusal(e.held.status, e.held.body),
            ),
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
                  open(e.case);
                },
              },
              t("openCase"),
            ),
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

/** show brings the count and the banner up to date. */
export const show = (again) => {
  const all = outbox.entries(),
    held = all.filter((e) => e.held).length,
    { offline, expired } = outbox.status();
  const button = $("outbox");
  button.hidden = all.length === 0;
  button.className = held ? "quiet attention" : "quiet waiting";
  button.textContent = [all.length - held > 0 && t("waiting", all.length - held), held > 0 && t("held", held)]
    .filter(Boolean)
    .join(english ? ", " : "，");
  const banner = $("banner");
  const kind = expired ? "expired" : offline && all.length > held ? "offline" : "";
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

/** offer opens a conflict at once, unless something else is asked already. */
export const offer = (entry) => {
  if (entry.held.status === 409 && !asking()) settle(entry);
};
