// The console's only script. It carries a passkey's question to the browser and the answer back, sends a register in
// parts, and makes PEM of a list that an authority publishes in DER. Each page has one of the three.
// It makes no markup: what it says goes into one line as plain text.
"use strict";

const here = (id) => document.getElementById(id);
const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toBase64 = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
const toText = (buffer) => toBase64(buffer).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// What the console itself says against a request; every other error is the browser's.
class Refusal extends Error {}

async function ask(path, token, body) {
  const response = await fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(body),
  });
  const said = await response.json();
  if (!said.ok) throw new Refusal(said.message);
  return said;
}

// --- a passkey

async function answer(path, token) {
  const { challenge, rpId, userVerification, allowCredentials = [] } = await ask(path + "/options", token, {});
  const passkeys = allowCredentials.map((id) => ({ type: "public-key", id: toBytes(id) }));
  const credential = await navigator.credentials.get({
    publicKey: { challenge: toBytes(challenge), rpId, userVerification, allowCredentials: passkeys },
  });
  const { clientDataJSON, authenticatorData, signature } = credential.response;
  return ask(path + "/finish", token, {
    id: toText(credential.rawId),
    clientDataJSON: toText(clientDataJSON),
    authenticatorData: toText(authenticatorData),
    signature: toText(signature),
  });
}

async function claim(path, token) {
  const typed = (id) => here(id)?.value ?? "";
  const { ok, ...options } = await ask(path + "/options", token, { name: typed("name").trim(), email: typed("email").trim() });
  options.challenge = toBytes(options.challenge);
  options.user.id = toBytes(options.user.id);
  const credential = await navigator.credentials.create({ publicKey: options });
  const { clientDataJSON, attestationObject } = credential.response;
  return ask(path + "/finish", token, { clientDataJSON: toText(clientDataJSON), attestationObject: toText(attestationObject) });
}

function passkey(button, status) {
  button.addEventListener("click", async () => {
    const { ceremony, token } = button.dataset;
    button.disabled = true;
    status.textContent = "Waiting for your passkey…";
    try {
      const { next } = await (ceremony === "claim" ? claim : answer)("/" + ceremony, token);
      location.assign(next);
    } catch (error) {
      const isBrowser = error instanceof DOMException;
      status.textContent = isBrowser ? "No passkey was used. You can try again." : error.message;
      button.disabled = false;
    }
  });
}

// --- a file

// Instead of the browser: `send` fills the form's fields from the chosen file, and then the form goes its way. Without a
// file it goes at once. Without a reason it does not: the file would have to be chosen again.
function withFile(place, status, send) {
  const form = place.querySelector("form");
  const field = (name) => form.elements.namedItem(name);
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    const file = here("file").files[0];
    const say = (text) => { status.textContent = text; };
    if (!file) return;
    event.preventDefault();
    if (!field("why").value.trim()) return say("Give a reason.");
    button.disabled = true;
    try {
      await send(file, field, say);
      form.submit();
    } catch (error) {
      say(error instanceof Refusal ? error.message
        : `Nothing was changed: the file could not be read or sent (${error.message}).`);
      button.disabled = false;
    }
  });
}

const partBytes = 48 * 1024; // what one request holds in base64; a multiple of 3, so that no part is padded but the last
const mostBytes = 16 * 1024 * 1024; // gatewayd takes no more

async function sendInParts(file, field, say) {
  if (file.size > mostBytes) throw new Refusal("Nothing was changed: the file is longer than 16 MiB.");
  const content = new Uint8Array(await file.arrayBuffer());
  let sent = 0;
  do {
    const part = content.subarray(sent, sent + partBytes);
    await ask("/rules/part", field("token").value, { after: sent, content: toBase64(part) });
    sent += part.length;
    say(`Sending: ${Math.floor((sent / Math.max(content.length, 1)) * 100)} % of ${file.name}…`);
  } while (sent < content.length);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  field("sha256").value = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  say("All of it has arrived. The gateway tries it together with the other files…");
}

const mostListBytes = 64 * 1024;
const derSequence = 0x30; // how a list in DER begins, and no PEM

async function putAsPem(file, field) {
  if (file.size > mostListBytes) throw new Refusal("Nothing was changed: the file is longer than 64 KiB.");
  const content = new Uint8Array(await file.arrayBuffer());
  if (content[0] !== derSequence) return;
  const lines = toBase64(content).match(/.{1,64}/g).join("\n");
  field("pem").value = `-----BEGIN X509 CRL-----\n${lines}\n-----END X509 CRL-----\n`;
  field("file").value = "";
}

if (here("passkey")) passkey(here("passkey"), here("passkey-status"));
if (here("bring")) withFile(here("bring"), here("bring-status"), sendInParts);
if (here("revoked")) withFile(here("revoked"), here("revoked-status"), putAsPem);
