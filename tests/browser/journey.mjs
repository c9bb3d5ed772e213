// A network admin's way through the console, in a real Chromium with a virtual authenticator:
// claim, sign in, every page at two widths (no overflow, axe finds nothing), track a message, request, import and
// activate a certificate, end a key by two persons, verify the audit logs, take a pack for an auditor, the ledger and the directory, bring registers, invite somebody; and what a stranger gets.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import assert from "node:assert/strict";
import { endOfAKey } from "./end_of_a_key.mjs";
import { revocations, rules } from "./rules.mjs";

const { CONSOLE, CLAIM_CODE, NODE, SHOTS, CA, OWN_CA, REPLY, CHROMIUM } = process.env;
const require = createRequire(NODE + "/");
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const host = new URL(CONSOLE).hostname;
const widths = [1280, 320];
let steps = 0;

function step(text) {
  steps += 1;
  console.log(`ok ${steps} - ${text}`);
}

async function addAuthenticator(context, page) {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "usb",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

// The page's own policy forbids foreign scripts: axe is put in by the debugger, as a person's tool would be.
async function check(page, name) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    const { scroll, inner } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      inner: window.innerWidth,
    }));
    assert.ok(scroll <= inner, `${name} overflows at ${width}: ${scroll} > ${inner}`);
    await page.evaluate(axeSource);
    const result = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(
      result.violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join(" ")}`), [], name);
    const open = result.incomplete.filter((found) => found.impact === "critical" || found.impact === "serious");
    if (open.length > 0) console.log(`# ${name}, ${width}: to look at: ${open.map((found) => found.id)}`);
    await page.screenshot({ path: `${SHOTS}/${name}-${width}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

async function open(page, path, name) {
  const response = await page.goto(CONSOLE + path);
  assert.equal(response.status(), 200, path);
  await check(page, name);
  step(`${name} fits both widths, and axe finds nothing`);
}

// Every link, button, field and fold is reached with the Tab key alone, and shows that it is.
async function walkByKeyboard(page, path) {
  await page.goto(CONSOLE + path);
  const wanted = await page.evaluate(
    () => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].length);
  // In a date, Tab goes through day, month, year and calendar before it leaves.
  const further = 3 * await page.locator("input[type=date]").count();
  const seen = new Set();
  for (let i = 0; i < wanted + further; i += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return null;
      const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")];
      const style = getComputedStyle(element);
      const visible = style.outlineStyle !== "none" || style.boxShadow !== "none" || style.backgroundColor !== "rgba(0, 0, 0, 0)";
      return { index: all.indexOf(element), visible, html: element.outerHTML.slice(0, 80) };
    });
    assert.ok(at, `${path}: Tab number ${i} led nowhere`);
    assert.ok(at.visible, `${path}: the focus on ${at.html} cannot be seen`);
    seen.add(at.index);
  }
  assert.equal(seen.size, wanted, `${path}: not everything is reached by keyboard`);
  step(`${path} can be walked by keyboard: ${wanted} places`);
}

// The CA that issued the certificate which this browser has accepted, as a stranger gets it.
async function downloadOwnCa(page) {
  const shown = (await page.textContent("#own-ca")).replaceAll(/\s/g, "");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=the CA certificate (PEM)")]);
  assert.equal(download.suggestedFilename(), "privyseal-ca.pem");
  const ca = new X509Certificate(readFileSync(await download.path()));
  assert.equal(ca.fingerprint256.replaceAll(":", ""), shown);
  assert.equal(ca.fingerprint256, new X509Certificate(readFileSync(OWN_CA)).fingerprint256);
  step("the appliance's own CA was downloaded before the sign-in, and has the fingerprint that stands beside it");
}

async function claimAndSignIn(page) {
  await page.goto(CONSOLE + "/");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await check(page, "sign-in");
  await downloadOwnCa(page);
  await page.goto(CONSOLE + "/claim");
  await page.fill("#code", "0000-0000-0000-0000-0000");
  await page.click("text=Continue");
  await page.waitForSelector("text=That code is not right");
  await check(page, "claim-refused");
  step("a wrong claim code is refused in words");
  await page.fill("#code", CLAIM_CODE.toLowerCase());
  await page.click("text=Continue");
  await page.fill("#name", "Alice Archer");
  await page.fill("#email", "alice@lawfirm.example");
  await check(page, "claim-passkey");
  await page.click("#passkey");
  await page.waitForURL(CONSOLE + "/");
  step("the first officer claimed the console with a passkey");
  await page.click("text=Sign out");
  await page.waitForURL(/sign-in/);
  await page.click("#passkey");
  await page.waitForURL(CONSOLE + "/");
  step("she signed out, and in again with the passkey");
}

async function holdRecords(page) {
  await page.goto(CONSOLE + "/holds");
  await page.fill("#text", "alice@lawfirm.example");
  await page.fill("#why", "case 7");
  await page.click("button:has-text('Put on hold')");
  await page.waitForSelector("text=The hold is in force");
  await check(page, "holds");
  await page.fill("#end-why", "closed");
  await page.click("button:has-text('End this hold')");
  await page.waitForSelector("text=The hold is ended");
  assert.match(await page.innerText("table"), /case 7[^]*Ended on [^]*: closed/);
  step("records were put on hold, and the hold was ended");
}

async function trackOne(page) {
  await page.goto(CONSOLE + "/mail");
  assert.equal(await page.locator("text=Track").count(), 2, "the two messages are seen");
  await page.fill("#text", "bob@police");
  await page.click("button:has-text('Find')");
  await page.click("tr:has-text('To CJSM') >> text=Track");
  await page.waitForSelector("text=What happened");
  await page.waitForSelector(`text=${REPLY.split(" ").at(-1)}`);
  await check(page, "mail-track");
  step("one message was found and tracked");
}

async function renewByHand(page) {
  await page.goto(CONSOLE + "/certificates/cjsm");
  await page.click("text=Make a new request");
  await page.waitForSelector("text=A new key was made");
  await check(page, "certificate-requested");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=certificate request")]);
  const csr = `${SHOTS}/${download.suggestedFilename()}`;
  await download.saveAs(csr);
  await page.fill("#pem", "this is no certificate");
  await page.click("text=Check and import");
  await page.waitForSelector(".govuk-error-summary >> text=certificate");
  await check(page, "certificate-refused");
  step("what is no certificate is refused in words");
  // As a person at the CA would get it, and give the answer back.
  renameSync(csr, `${CA}/requests/cjsm-by-browser.csr`);
  const answer = `${CA}/answers/cjsm-by-browser.pem`;
  for (let i = 0; i < 80 && !existsSync(answer); i += 1) await page.waitForTimeout(250);
  await page.setInputFiles("#file", answer);
  await page.click("text=Check and import");
  await page.waitForSelector("text=The certificate fits");
  await check(page, "certificate-imported");
  // Its trial, a handshake with the relay, takes a moment.
  for (let i = 0; i < 40 && (await page.locator("text=Activate this certificate").count()) === 0; i += 1) {
    await page.waitForTimeout(250);
    await page.goto(CONSOLE + "/certificates/cjsm");
  }
  await page.click("text=Activate this certificate");
  await page.waitForSelector("text=The new certificate is in use");
  await check(page, "certificate-activated");
  step("a request was downloaded, its certificate imported and activated");
  await page.click("text=Go back to this certificate");
  await page.waitForSelector("text=The earlier certificate is in use again");
  step("and rolled back");
}

async function verifyAudit(page) {
  for (const log of ["gatewayd", "renewd", "keyd", "admind"]) {
    await page.goto(`${CONSOLE}/audit/${log}/verify`);
    await page.waitForSelector("text=The log is sound");
    await page.goto(`${CONSOLE}/audit/${log}`);
    await page.waitForSelector("table");
  }
  await check(page, "audit-admind");
  const text = await page.textContent("main");
  for (const act of ["sign-in", "claim", "cert-import", "cert-activate", "passkey-register",
    "destruction-ask", "destruction-approve", "key-destroy"])
    assert.ok(text.includes(act), `the audit log has no ${act}`);
  step("four audit logs were verified, and the console's names what was done");
}

const DECLARED = "Each user signs for the rules before the first mail; the records are with the practice manager.";

async function declareOne(page) {
  const due = async () => Number((await page.textContent("main")).match(/(\d+) of \d+ are due/)[1]);
  await page.goto(CONSOLE + "/audit");
  await page.click("text=What your organisation declares");
  const before = await due();
  await page.click("a:has-text('Declare: ') >> nth=0");
  await page.fill("#by", "A. Smith, practice manager");
  await page.click("button:has-text('Declare this today')");
  await page.waitForSelector("text=Nothing is declared");
  await check(page, "declaration-refused");
  await page.fill("#text", DECLARED);
  await page.click("button:has-text('Declare this today')");
  await page.waitForSelector("text=It is declared");
  assert.equal(await due(), before - 1);
  await check(page, "declarations");
  step("a clause was declared, and is due no more");
}

// What a person gives to the auditor, and what the auditor does with it: unpack, and check with Python and OpenSSL alone.
async function takeAPack(page) {
  const day = (from) => new Date(Date.now() + from * 24 * 3600 * 1000).toISOString().slice(0, 10);
  await page.goto(CONSOLE + "/audit");
  await page.click("text=Make a pack for an auditor");
  await page.fill("#from", day(1));
  await page.fill("#to", day(-1));
  await page.click("button:has-text('Make the pack')");
  await page.waitForSelector(".govuk-error-summary >> text=must be before");
  await check(page, "audit-pack-refused");
  await page.fill("#from", day(-1));
  await page.fill("#to", day(1));
  await page.click("button:has-text('Make the pack')");
  // gatewayd signs once a minute what it recorded.
  for (let i = 0; i < 240 && (await page.locator("text=is being made").count()) > 0; i += 1) {
    await page.waitForTimeout(500);
    await page.goto(CONSOLE + "/audit-pack");
  }
  await page.waitForSelector("text=Download the pack");
  await check(page, "audit-pack");
  const key = (await page.textContent("#audit-key")).replaceAll(/\s/g, "");
  const hash = await page.textContent("#content-hash");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download the pack")]);
  assert.match(download.suggestedFilename(), /^privyseal-pack-[-0-9]+\.tar$/);
  await download.saveAs(`${SHOTS}/pack.tar`);
  const run = (program, ...words) => spawnSync(program, words, { encoding: "utf8", cwd: SHOTS, env: { PATH: "/usr/bin:/bin" } });
  assert.equal(run("tar", "-xf", "pack.tar").status, 0);
  const verified = run("python3", "-I", "pack/verify_pack.py", "pack", key);
  assert.equal(verified.status, 0, verified.stderr + verified.stdout);
  assert.match(verified.stdout, /2 mails, each in the log/);
  assert.ok(verified.stdout.includes(hash), "the page shows another content hash");
  assert.equal(run("python3", "-I", "pack/verify_pack.py", "pack", "0".repeat(64)).status, 1);
  assert.equal(run("grep", "-rqF", DECLARED, "pack").status, 0, "the pack does not say what was declared");
  await page.goto(CONSOLE + "/audit/admind");
  const text = await page.textContent("main");
  for (const act of ["audit-pack-make", "audit-pack-download"]) assert.ok(text.includes(act), `the audit log has no ${act}`);
  step("a pack for an auditor was made, downloaded, and verified with Python and OpenSSL alone");
}

// The same for the ledger alone: a spreadsheet, and its proof.
async function takeTheLedger(page) {
  const day = (from) => new Date(Date.now() + from * 24 * 3600 * 1000).toISOString().slice(0, 10);
  await page.goto(CONSOLE + "/mail");
  await page.click("text=Take out the ledger");
  await page.fill("#from", day(-400));
  await page.fill("#to", day(1));
  await page.click("button:has-text('Take out these days')");
  await page.waitForSelector(".govuk-error-summary >> text=more than 366 days");
  await check(page, "ledger-refused");
  await page.fill("#from", day(-1));
  await page.click("button:has-text('Take out these days')");
  for (let i = 0; i < 60 && (await page.locator("text=being taken out").count()) > 0; i += 1) {
    await page.waitForTimeout(500);
    await page.goto(CONSOLE + "/ledger");
  }
  await page.waitForSelector("text=Download the ledger");
  await check(page, "ledger");
  const key = (await page.textContent("#audit-key")).replaceAll(/\s/g, "");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download the ledger")]);
  await download.saveAs(`${SHOTS}/ledger.tar`);
  const run = (program, ...words) => spawnSync(program, words, { encoding: "utf8", cwd: SHOTS, env: { PATH: "/usr/bin:/bin" } });
  assert.equal(run("tar", "-xf", "ledger.tar").status, 0);
  const verified = run("python3", "-I", "ledger/verify_pack.py", "ledger", key);
  assert.equal(verified.status, 0, verified.stderr + verified.stdout);
  assert.match(verified.stdout, /2 mails, each in the log/);
  assert.equal(run("grep", "-qF", "bob@police", "ledger/ledger.csv").status, 0, "the spreadsheet lacks a mail");
  step("the ledger was taken out as CSV, and verified with Python and OpenSSL alone");
}

// Somebody else, with a browser and an authenticator of his own, who has claimed his invitation.
async function invite(page, browser, name, role) {
  await page.goto(CONSOLE + "/users");
  await page.fill("#name", name);
  await page.fill("#email", `${name.split(" ")[0].toLowerCase()}@lawfirm.example`);
  await page.selectOption("#role", role);
  await page.click("button:has-text('Invite')");
  const code = await page.textContent("#claim-code");
  await check(page, "invitation");
  const context = await browser.newContext();
  const guest = await context.newPage();
  guest.setDefaultTimeout(20000);
  await addAuthenticator(context, guest);
  await guest.goto(CONSOLE + "/claim");
  await guest.fill("#code", code);
  await guest.click("text=Continue");
  await guest.click("#passkey");
  await guest.waitForURL(CONSOLE + "/");
  return guest;
}

async function inviteAndEnd(page, browser) {
  const guest = await invite(page, browser, "Otto Auditor", "auditor");
  await guest.goto(CONSOLE + "/certificates/cjsm");
  assert.equal(await guest.locator("main form").count(), 0, "an auditor sees no form");
  const token = await guest.locator("input[name=token]").first().getAttribute("value");
  const status = await guest.evaluate(async (body) => {
    const answer = await fetch("/certificates/cjsm/request", { method: "POST", body: new URLSearchParams(body) });
    return answer.status;
  }, { token });
  assert.equal(status, 403);
  step("an auditor was invited, reads everything and changes nothing");
  await page.goto(CONSOLE + "/users");
  await page.click("text=End the access of Otto Auditor");
  await page.waitForSelector("text=The access is ended");
  await guest.context().close();
  step("and his access was ended");
}

async function strangers(page) {
  const answers = await page.evaluate(async () => {
    const post = (path, body) => fetch(path, { method: "POST", body: new URLSearchParams(body) }).then((r) => r.status);
    return [await post("/users/invite", { name: "x" }), await post("/certificates/cjsm/request", { token: "0".repeat(64) })];
  });
  assert.deepEqual(answers, [403, 403]);
  step("a form without its token changes nothing");
  await page.goto(CONSOLE + "/nothing-here");
  await check(page, "not-found");
}

async function takeFigures(page) {
  await page.goto(CONSOLE + "/");
  const path = await page.getAttribute("a[href='/metrics']", "href");
  const [type, text] = await page.evaluate(
    async (from) => { const answer = await fetch(from); return [answer.headers.get("content-type"), await answer.text()]; }, path);
  assert.match(type, /^text\/plain; version=0\.0\.4/);
  assert.match(text, /^privyseal_[a-z_]+(\{[^}]*\})? [0-9]/m);
  step("the figures for Prometheus were taken");
}

// The last of all: no mail passes after it.
async function endTheLine(page) {
  const confirm = async (name) => {
    await page.fill("#why", "the contract has ended");
    await page.fill("#name", name);
    await page.click("button:has-text('End the connection for good')");
  };
  await page.goto(CONSOLE + "/line");
  await page.click("a[href='/line/end']");
  await confirm("another");
  await page.waitForSelector("text=Nothing was changed");
  await check(page, "line-end");
  const name = (await page.textContent("main")).match(/Type (\S+) here/)[1];
  await confirm(name);
  await page.waitForURL("**/line?done=terminated");
  await check(page, "line-ended");
  await page.goto(CONSOLE + "/line/end");
  await page.waitForSelector("text=The connection has ended.");
  step("the line is ended only by whoever types the appliance's name");
}

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-dev-shm-usage", `--host-resolver-rules=MAP ${host} 127.0.0.1`],
});
try {
  const context = await browser.newContext({ acceptDownloads: true });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of (403|404|422)/.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.setDefaultTimeout(20000);
  await addAuthenticator(context, page);
  await claimAndSignIn(page);
  for (const [path, name] of [["/", "dashboard"], ["/mail", "mail"], ["/certificates", "certificates"],
    ["/certificates/lan", "certificate-lan"], ["/keys", "keys"],
    ["/destructions", "destructions-nobody"], ["/line", "line"], ["/partners", "partners"],
    ["/directory?text=a", "directory"], ["/holds", "holds-none"], ["/rules", "rules"], ["/audit", "audit"], ["/users", "users"]])
    await open(page, path, name);
  await trackOne(page);
  await holdRecords(page);
  await renewByHand(page);
  const bob = await invite(page, browser, "Bob Operator", "operator");
  await endOfAKey({ alice: page, bob, check, step });
  await verifyAudit(page);
  await declareOne(page);
  await takeAPack(page);
  await takeTheLedger(page);
  await takeFigures(page);
  await rules({ page, check, step });
  await revocations({ page, check, step });
  await inviteAndEnd(page, browser);
  await strangers(page);
  for (const path of ["/", "/mail", "/certificates/cjsm", "/rules", "/revocations", "/audit-pack", "/ledger", "/declarations", "/users"]) await walkByKeyboard(page, path);
  await endTheLine(page);
  assert.deepEqual(complaints, [], "the browser complained");
  step("the browser complained about nothing");
  writeFileSync(`${SHOTS}/done`, "");
  console.log(`${steps} passed, 0 failed`);
} finally {
  await browser.close();
}
