// The end of a key by two persons: root names the approvers, a key is retired, its destruction is asked for, both approve
// with their passkeys, and keyd destroys it. One person twice, one alone, and approvals of another text are refused.
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

// The command line's own tests see that systemd is asked to do this on the appliance.
async function restartKeyd() {
  writeFileSync(`${SHOTS}/restart-keyd`, "");
  for (let i = 0; i < 200 && existsSync(`${SHOTS}/restart-keyd`); i += 1) await pause(100);
  assert.ok(!existsSync(`${SHOTS}/restart-keyd`), "keyd did not come back");
}

async function nameApprovers(alice, bob, step) {
  const lines = [];
  for (const person of [alice, bob]) {
    await person.goto(CONSOLE + "/destructions");
    lines.push(await person.textContent("#approver-line"));
  }
  const file = `${SHOTS}/approvers`;
  writeFileSync(file, `${lines[0]}\n${lines[0].replace("alice", "bob")}\n`);
  const refused = privyseal("key", "approvers", "set", file, "--kept", APPROVERS);
  assert.equal(refused.status, 1);
  assert.match(refused.error, /the same passkey as alice/);
  writeFileSync(file, `# as they read it out\n${lines.join("\n")}\n`);
  must(privyseal("key", "approvers", "set", file, "--kept", APPROVERS));
  await restartKeyd();
  assert.match(must(privyseal("audit", "tail", "keyd")), /2 persons of alice \([0-9a-f]{16}\), bob/);
  step("each person's own line, put into root's list, names two approvers; one passkey under two names does not");
}

const keys = () => JSON.parse(must(privyseal("key", "list", "--json"))).keys.map((key) => key.name);

// The key of the certificate towards the mail server, once another has taken its place.
async function retireAKey(step) {
  const old = keys().find((name) => name.startsWith("lan"));
  assert.equal(privyseal("key", "destroy-request", old).status, 1, "a key in use can be asked for");
  must(privyseal("cert", "renew", "lan"));
  for (let i = 0; i < 240 && keys().includes(old); i += 1) await pause(250);
  assert.ok(!keys().includes(old), `${old} was not retired`);
  step(`a key in use cannot be asked for; ${old} was retired`);
  return old;
}

function askFor(key) {
  const out = must(privyseal("key", "destroy-request", key));
  return { url: out.match(/https:\S+/)[0], text: out.slice(0, out.indexOf("\n\n") + 1) };
}

// What the browser sent as the approval, as a file for the tool that needs no console.
async function approve(person, url, name) {
  await person.goto(url);
  const [sent] = await Promise.all([
    person.waitForRequest((request) => request.url().endsWith("/finish")), person.click("#passkey")]);
  await person.waitForSelector("text=Your approval is kept");
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
  const key = await retireAKey(step);
  const first = askFor(key);
  await alice.goto(first.url);
  await check(alice, "destruction-open");
  const byAlice = await approve(alice, first.url, "alice");
  await check(alice, "destruction-approved-once");
  assert.equal(await alice.locator("#passkey").count(), 0, "one person may approve twice");
  assert.equal(privyseal("key", "destroy", key).status, 1);
  assertDenied(destroyBy(first.text, byAlice, byAlice));
  step("one approval is not enough, neither for the command nor, given twice, for keyd");
  const byBob = await approve(bob, first.url, "bob");
  const second = askFor(key);
  assertDenied(destroyBy(second.text, byAlice, byBob));
  step("approvals of another text are refused by keyd");
  await approve(alice, second.url, "alice");
  await approve(bob, second.url, "bob");
  await check(bob, "destruction-approved-twice");
  must(privyseal("key", "destroy", key));
  assert.match(must(privyseal("audit", "tail", "keyd")), new RegExp(`destroy +key/${key}.*approved by alice and bob`));
  await alice.goto(CONSOLE + "/destructions");
  await alice.waitForSelector("td:has-text('Destroyed')");
  await check(alice, "destructions");
  step(`both approved, ${key} is gone, and keyd's log says who approved`);
  await bob.context().close();
}
