// Portico works without this file. With it: a link of a mail, or of the merchant's, is read from the address, the address fields
// follow the country without a reload, a page that waits for a bank's answer looks for it, a second press on a button is not sent,
// and a visit is renewed by a code without losing what was typed. The words are all in the page.
"use strict";
(() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("scripted");
  find(".places [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  const post = (form, submitter, init = {}) =>
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, submitter)), ...init });

  // A sign-in link carries its token behind the #, which no server, log or scanner sees. Nothing is sent before the click.
  const ready = find("[data-link-ready]");
  const readToken = () => {
    const token = new URLSearchParams(location.hash.slice(1)).get("t");
    if (!token) return;
    history.replaceState(null, "", location.pathname + location.search);
    ready.elements.token.value = token;
    ready.hidden = false;
    find("[data-link-missing]").hidden = true;
  };
  if (ready) {
    readToken();
    addEventListener("hashchange", readToken);
  }

  // A link of the merchant's server is read and wiped likewise ("#t=…"; a program of his may have added "#token=…" to it). Whose it is
  // is asked at once, since the person is to see that; only a click uses it up. A choice of language keeps it.
  const enter = find("[data-enter]");
  const showPart = (name) => {
    for (const part of all("[data-part]", enter)) part.hidden = part.dataset.part !== name;
    find("[data-enter-over]", enter).hidden = name !== "over";
    find("[data-enter-unread]", enter).hidden = true;
  };
  const askWhose = async () => {
    const form = find("form[data-part=ready]", enter);
    showPart("wait");
    try {
      const init = { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" } };
      const answer = await fetch(enter.dataset.enter, init);
      const whose = await answer.json();
      if (!whose.ok) return showPart(answer.status === 410 ? "over" : "failed");
      if (whose.next) return location.replace(whose.next);
      find("[data-enter-email]", form).textContent = whose.email;
      find("[data-enter-signed-in]", form).textContent = whose.signed_in;
      find("[data-enter-else]", form).hidden = !whose.signed_in;
      find("[data-enter-almost]", form).hidden = Boolean(whose.signed_in);
      if (whose.signed_in) Object.assign(find("button", form), { name: "instead", value: "yes" });
      showPart("ready");
      find("button", form).focus();
    } catch {
      showPart("failed");
    }
  };
  const readEntry = () => {
    const [, token] = /[#&]t=([\w-]+)/.exec(location.hash) || /[#&]token=([\w.-]+)/.exec(location.hash) || [];
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
    if (!token) return;
    find("form[data-part=ready]", enter).elements.token.value = token;
    for (const form of all("form[action*='/language']")) form.action = `${form.action.split("#")[0]}#t=${token}`;
    askWhose();
  };
  // Programs of the merchant's may add a token to any address. Where it may be of use, the page that reads it leads back here; where
  // not, it need not stay in the address either.
  const vouched = find("[data-vouched]");
  if (vouched && /^#token=[\w-]+\.[\w-]+\.[\w-]+$/.test(location.hash)) return location.replace(vouched.dataset.vouched + location.hash);
  if (!enter && !ready && /[#&](t|token)=/.test(location.hash)) history.replaceState(null, "", location.pathname + location.search);
  if (enter) {
    showPart("over");
    find("[data-part=failed] button", enter).addEventListener("click", askWhose);
    readEntry();
    addEventListener("hashchange", readEntry);
  }

  // Another country has other fields: the form is posted as its own button would post it, and the new fields are taken over.
  const country = find("[data-refresh]");
  const typed = new Map(); // also what the country chosen last has no field for: the next one may
  const nameIn = (field, of) => (field.options ? `${field.name} of ${of}` : field.name); // "CA" is a state here, a province there
  let shownOf = country?.value;
  let refreshing = null;
  country?.addEventListener("change", async () => {
    const form = country.form;
    const chosen = country.value;
    const button = find("[name=update_fields]", form);
    refreshing?.abort();
    refreshing = new AbortController();
    try {
      const answer = await post(form, button, { signal: refreshing.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fields = page.getElementById(country.dataset.refresh);
      const shown = document.getElementById(country.dataset.refresh); // may have changed since the form was sent
      for (const field of all("input, textarea, select", shown)) typed.set(nameIn(field, shownOf), field.type === "checkbox" ? field.checked : field.value);
      for (const field of all("input, textarea, select", fields)) {
        const known = typed.get(nameIn(field, chosen));
        if (field.type === "checkbox") field.checked = known ?? field.checked;
        else field.value = known ?? (field.options ? "" : field.value);
      }
      for (const more of all("details", fields)) more.open ||= Boolean(find("details[open]", shown));
      shownOf = chosen;
      const focused = document.activeElement.id;
      shown.replaceWith(fields);
      document.getElementById(focused)?.focus();
    } catch (failure) {
      if (failure.name !== "AbortError") form.requestSubmit(button);
    }
  });

  // A button that is pressed twice sends its form once. (The server would refuse the second one; this spares the page for it.)
  // Listened for on the window, where it arrives after the page's other listeners: one of them may hold the form back.
  addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || !form.matches("[data-once]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    submitter?.setAttribute("aria-busy", "true");
  });
  // Back from the next page, the browser may show this one as it was left.
  addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of all("button[aria-busy]", form)) button.removeAttribute("aria-busy");
    }
  });

  // How long a text is by now, beside how long it may be.
  for (const counter of all("[data-counts]")) {
    const text = document.getElementById(counter.dataset.counts);
    const count = () => (counter.textContent = `${text.value.length} / ${text.maxLength}`);
    text.addEventListener("input", count);
    count();
  }

  // What takes a while (a bank's answer, a large download): the server is asked how it stands, says so, and the page is loaded anew
  // once it has come to an end.
  const open = find("[data-poll]");
  const tell = ({ done, said }) => {
    if (!said) return;
    find("progress", open).value = done;
    find("[data-said]", open).textContent = said;
  };
  const look = async (seconds) => {
    try {
      const answer = await fetch(open.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (answer.status === 401) return;
      const now = answer.ok ? await answer.json() : null;
      if (now && now.state !== open.dataset.status) return location.reload();
      if (now) tell(now);
    } catch {
      // No connection just now; the next look may have one.
    }
    if (seconds < 60) setTimeout(look, seconds * 1000, seconds * 1.3);
  };
  if (open) setTimeout(look, 2000, 2);

  const dialog = find("#renew");
  if (!dialog) return;
  const [ask, code] = all("form", dialog);
  const toast = find("[data-toast]");
  const warnAt = Number(dialog.dataset.warnAt);
  let seconds, wall, steady; // how long the visit had left, and when that was
  let told = ""; // what the dialog has said: "", "warn" or "over"

  const restart = (secondsLeft) => {
    [seconds, wall, steady] = [secondsLeft, Date.now(), performance.now()];
  };
  // A sleeping machine may stop the steady clock, and the wall clock may be set back: the one further on is right.
  const left = () => seconds - Math.max(Date.now() - wall, performance.now() - steady) / 1000;
  const state = () => (left() <= 0 ? "over" : left() <= warnAt ? "warn" : "");

  const renewTokens = (token, root) => {
    for (const field of all("input[name=csrf]", root)) field.value = token;
  };
  const complain = (text) => {
    find("[data-error]", dialog).textContent = text;
  };

  // Asks the server, which alone knows: another tab may have renewed the visit, or ended it. False when there is no answer.
  const check = async () => {
    try {
      const answer = await fetch(dialog.dataset.session, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) return false;
      const session = await answer.json();
      const same = session.email === ask.elements.email.value;
      if (session.seconds_left > 0 && !same) {
        complain(dialog.dataset.someoneElse);
        ask.hidden = code.hidden = true;
      }
      renewTokens(session.csrf, session.seconds_left > 0 && same ? document : dialog);
      restart(same ? session.seconds_left : 0);
      return true;
    } catch {
      return false;
    }
  };

  const show = (what) => {
    told = what;
    for (const words of all("[data-when]", dialog)) words.hidden = words.dataset.when !== what;
    if (!dialog.open) dialog.showModal();
  };
  // Nothing is asked of the server before a moment has come; `again` asks although the dialog has said so already.
  const watch = async (again) => {
    if (state() && (state() !== told || again)) await check();
    if (!state() && dialog.open) dialog.close();
    if (!state()) told = "";
    else if (state() !== told) show(state());
  };
  const watchOn = async () => {
    await watch(false);
    const next = told === "over" ? 20 : left() - (told ? 0 : warnAt);
    setTimeout(watchOn, Math.min(Math.max(next, 1), 20) * 1000);
  };

  const steps = {
    ask: async () => {
      await check();
      return () => {
        code.hidden = false;
        const button = find("button", ask);
        button.textContent = button.dataset.again;
        button.classList.remove("primary");
        dialog.append(ask, find("[data-close]", dialog));
        code.elements.code.focus();
      };
    },
    code: async () => (answer) => {
      restart(answer.seconds_left);
      renewTokens(answer.csrf, document);
      told = "";
      code.reset();
      dialog.close();
      toast.textContent = toast.dataset.toast;
      setTimeout(() => (toast.textContent = ""), 8000);
    },
  };
  dialog.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = find("button", form);
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    complain("");
    try {
      const done = await steps[form.dataset.step]();
      const answer = await post(form, null, { headers: { Accept: "application/json" } });
      const said = await answer.json();
      if (said.csrf) renewTokens(said.csrf, dialog);
      if (answer.ok) done(said);
      else complain(said.error || dialog.dataset.failed);
    } catch {
      complain(dialog.dataset.failed);
    }
    button.removeAttribute("aria-busy");
  });
  find("[data-close]", dialog).addEventListener("click", () => dialog.close());

  // A form that took work to fill in is not sent into a visit that has ended: what was typed would be lost.
  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (!form.matches("[data-keep]") || left() > 0) return;
    event.preventDefault();
    await check();
    if (left() > 0) form.requestSubmit(submitter);
    else show("over");
  });

  restart(Number(dialog.dataset.secondsLeft));
  document.addEventListener("visibilitychange", () => document.hidden || watch(true));
  addEventListener("pageshow", (event) => event.persisted && watch(true));
  watchOn();
})();
