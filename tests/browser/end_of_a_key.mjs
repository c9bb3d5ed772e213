// The end of a key by two persons: the list names the approvers, a key is retired, an officer asks that it be destroyed, both
// approve with their passkeys, and keyd destroys it. One person twice and approvals of another text are refused.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import assert from "node:assert/strict";

const { CONSOLE, SHOTS, RUN, APPROVERS, TOOLS } = process.env;

function run(program, ...words) {
  const done = spawnSync(`${TOOLS}/${program}`, words, { encoding: "utf8" });
  return { status: done.status, out: done.stdout, error: done.stderr };
}
const privyseal = (...words) => run("cli/privyseal", ...words, "--run", RUN);

function must(done) {
  assert.equal(done.status, 0, done.error + done.out);
  return done.out;
}

async function restartKeyd() {
  writeFileSync(`${SHOTS}/restart-keyd`, "");
  for (let i = 0; i < 200 && existsSync(`${SHOTS}/restart-keyd`); i += 1) await pause(100);
  assert.ok(!existsSync(`${SHOTS}/restart-keyd`), "keyd did not come back");
}

// On a box the signed provisioning file names them, and each boot writes this file before keyd starts.
async function listApprovers(text) {
  writeFileSync(APPROVERS, text, { mode: 0o644 });
  await restartKeyd();
  return must(privyseal("audit", "tail", "keyd"));
}

async function nameApprovers(alice, bob, step) {
  const lines = [];
  for (const person of [alice, bob]) {
    await person.goto(CONSOLE + "/destructions");
    lines.push(await person.textContent("#approver-line"));
  }
  assert.match(await listApprovers(`${lines[0]}\n${lines[0].replace("alice", "bob")}\n`),
    /nobody may approve.*the same passkey as alice/);
  await alice.goto(CONSOLE + "/destructions");
  await alice.waitForSelector("text=Nobody may approve yet");
  assert.match(await listApprovers(`${lines.join("\n")}\n`), /2 persons of alice \([0-9a-f]{16}\), bob/);
  step("each person's own line in the list names two approvers; one passkey under two names names nobody");
}

const keys = () => JSON.parse(must(privyseal("key", "list", "--json"))).keys.map((key) => key.name);

// The key of the certificate towards the mail server, once another has taken its place.
async function retireAKey(page, step) {
  const old = keys().find((name) => name.startsWith("lan"));
  await page.goto(CONSOLE + "/destructions");
  assert.equal(await page.locator(`td:has-text('${old}')`).count(), 0, "a key in use is shown as a retired one");
  must(privyseal("cert", "renew", "lan"));
  for (let i = 0; i < 240 && keys().includes(old); i += 1) await pause(250);
  assert.ok(!keys().includes(old), `${old} was not retired`);
  await page.goto(CONSOLE + "/destructions");
  await page.waitForSelector(`tr:has-text('${old}') >> text=Ask that it be destroyed`);
  step(`a key in use is not to be asked for; ${old} was retired, and is`);
  return old;
}

async function askFor(officer, key) {
  await officer.goto(CONSOLE + "/destructions");
  await officer.click(`tr:has-text('${key}') >> button`);
  await officer.waitForSelector("text=It is asked for");
  const text = await officer.innerText("#request-text");
  return { url: officer.url(), text: text.trim() + "\n" };
}

// What the browser sent as the approval, as a file for the tool that needs no console.
async function approve(person, url, name, said = "Your approval is kept") {
  await person.goto(url);
  const [sent] = await Promise.all([
    person.waitForRequest((request) => request.url().endsWith("/finish")), person.click("#passkey")]);
  await person.waitForSelector(`text=${said}`);
  const file = `${SHOTS}/approval-${name}.json`;
  writeFileSync(file, JSON.stringify({ response: JSON.parse(sent.postData()) }));
  return `${name}=${file}`;
}

function destroyBy(text, ...approvals) {
  const file = `${SHOTS}/request`;
  writeFileSync(file, text);
  return run("privyseal-provision", "destroy", "--socket", `${RUN}/privyseal-keyd/socket`, "--request", file,
    "--approvals", ...approvals);
}

function assertDenied(done) {
  assert.equal(done.status, 1, done.out);
  assert.match(done.error, /denied/);
}

export async function endOfAKey({ alice, bob, check, step }) {
  await nameApprovers(alice, bob, step);
  const key = await retireAKey(alice, step);
  await check(alice, "destructions-retired");
  await bob.goto(CONSOLE + "/destructions");
  assert.equal(await bob.locator("text=Ask that it be destroyed").count(), 0, "an operator may ask");
  const first = await askFor(alice, key);
  await check(alice, "destruction-open");
  const byAlice = await approve(alice, first.url, "alice");
  await check(alice, "destruction-approved-once");
  assert.equal(await alice.locator("#passkey").count(), 0, "one person may approve twice");
  assertDenied(destroyBy(first.text, byAlice, byAlice));
  step("an officer asked for it; one approval is not enough, nor is it twice, given to keyd");
  const other = first.text.replace(/nonce ./, (begin) => `nonce ${begin.endsWith("0") ? "1" : "0"}`);
  await bob.goto(first.url);
  await check(bob, "destruction-second-approval");
  const byBob = await approve(bob, first.url, "bob", "The key is no longer on the token");
  await check(bob, "destruction-done");
  assertDenied(destroyBy(other, byAlice, byBob));
  step("the second approval destroyed it; both approvals, given to keyd for another text, are refused");
  await alice.goto(CONSOLE + "/destructions");
  await alice.waitForSelector("td:has-text('Destroyed')");
  assert.equal(await alice.locator("text=Ask that it be destroyed").count(), 0, "it is still on the token");
  await check(alice, "destructions");
  assert.match(must(privyseal("audit", "tail", "keyd")), new RegExp(`destroy +key/${key}.*approved by alice and bob`));
  assert.match(must(privyseal("audit", "tail", "admind")), new RegExp(`key-destroy +key/${key}`));
  step(`${key} is gone, and both logs say so, keyd's who approved`);
  await bob.context().close();
}
