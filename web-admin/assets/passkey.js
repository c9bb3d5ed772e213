// The console's only script: it carries a passkey's question to the browser and the answer back.
// It makes no markup: what it says goes into one line as plain text.
"use strict";

const button = document.getElementById("passkey");
const status = document.getElementById("passkey-status");
const path = "/" + button.dataset.ceremony;

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function ask(question, body) {
  const response = await fetch(path + question, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": button.dataset.token },
    body: JSON.stringify(body),
  });
  const said = await response.json();
  if (!said.ok) throw new Error(said.message);
  return said;
}

async function answer() {
  const { challenge, rpId, userVerification, allowCredentials = [] } = await ask("/options", {});
  const passkeys = allowCredentials.map((id) => ({ type: "public-key", id: toBytes(id) }));
  const credential = await navigator.credentials.get({
    publicKey: { challenge: toBytes(challenge), rpId, userVerification, allowCredentials: passkeys },
  });
  const { clientDataJSON, authenticatorData, signature } = credential.response;
  return ask("/finish", {
    id: toText(credential.rawId),
    clientDataJSON: toText(clientDataJSON),
    authenticatorData: toText(authenticatorData),
    signature: toText(signature),
  });
}

async function claim() {
  const typed = (id) => document.getElementById(id)?.value ?? "";
  const { ok, ...options } = await ask("/options", { name: typed("name").trim(), email: typed("email").trim() });
  options.challenge = toBytes(options.challenge);
  options.user.id = toBytes(options.user.id);
  const credential = await navigator.credentials.create({ publicKey: options });
  const { clientDataJSON, attestationObject } = credential.response;
  return ask("/finish", { clientDataJSON: toText(clientDataJSON), attestationObject: toText(attestationObject) });
}

button.addEventListener("click", async () => {
  button.disabled = true;
  status.textContent = "Waiting for your passkey…";
  try {
    const { next } = await (button.dataset.ceremony === "claim" ? claim() : answer());
    location.assign(next);
  } catch (error) {
    const isBrowser = error instanceof DOMException;
    status.textContent = isBrowser ? "No passkey was used. You can try again." : error.message;
    button.disabled = false;
  }
});
