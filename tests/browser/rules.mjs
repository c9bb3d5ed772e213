// What mail is judged by, brought through the pages to the real gatewayd: a register of many parts is in use at once, one
// that is wrong is refused by row and changes nothing, and the way back; then the authority's lists of revoked
// certificates, in DER as authorities publish them.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import assert from "node:assert/strict";

const { CONSOLE, SHOTS, CA, RUN, TOOLS } = process.env;

const columns = "Firstname,Lastname,UserType,Organisation,Secure Email,Address1,Address2,Town/City,Postcode,Telephone," +
  "Mobile,Description,Business Type,CJ Area,Account Status\r\n";
const person = (n) => `Jos\xe9,Number${n},webmail,Police,p${n}@police.example.cjsm.net,1 High Street,,York,YO1 1AA,,,,` +
  "Police,North Yorkshire,Active\r\n";
const directory = Buffer.from(columns + Array.from({ length: 6000 }, (_, n) => person(n)).join(""), "latin1");

const row = (page, name) => page.locator(`tr:has(strong:text-is("${name}"))`);
const chosen = (name, buffer) => ({ name, mimeType: "application/octet-stream", buffer });

function must(program, words) {
  const done = spawnSync(program, words, { encoding: "utf8" });
  assert.equal(done.status, 0, done.error ?? done.stderr);
  return done.stdout;
}
const directorySearch = (text) => must(`${TOOLS}/cli/privyseal`, ["directory", "search", text, "--run", RUN]);

async function bring(page, name, buffer) {
  await page.goto(CONSOLE + "/rules");
  await page.selectOption("#name", name);
  await page.setInputFiles("#file", chosen("export.csv", buffer));
  await page.fill("#why", "March's export");
  await page.click("text=Try it, and use it");
}

async function bringADirectory(page, check, step) {
  assert.ok(directory.length > 2 * 256 * 1024, "it must be longer than a request may be");
  const said = [];
  await page.exposeFunction("heard", (text) => said.push(text));
  await page.addInitScript(() => addEventListener("DOMContentLoaded", () => {
    const line = document.getElementById("bring-status");
    if (line) new MutationObserver(() => globalThis.heard(line.textContent)).observe(line, { childList: true });
  }));
  await bring(page, "directory.csv", directory);
  await page.waitForSelector("text=directory.csv: the file that you brought is in use");
  await check(page, "rules-brought");
  const shown = await row(page, "directory.csv").textContent();
  assert.match(shown, /An officer.*6000 rows/);
  assert.ok(shown.includes(createHash("sha256").update(directory).digest("hex").slice(0, 12)), shown);
  assert.match(directorySearch("Number5999"), /José Number5999/);
  assert.ok(said.some((text) => /^Sending: [1-9]\d? % of export\.csv/.test(text)), said.join());
  step(`a directory of ${directory.length} bytes went through the page in parts, and gatewayd uses it`);
}

async function takeTheDirectoryOut(page, check, step) {
  await page.goto(CONSOLE + "/mail");
  await page.click("main >> text=Directory");
  await check(page, "directory-take-out");
  for (const [link, name] of [["CSV", "csv"], ["LDIF", "ldif"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`main a:has-text('${link}')`)]);
    assert.equal(download.suggestedFilename(), `cjsm-directory.${name}`);
    await download.saveAs(`${SHOTS}/cjsm-directory.${name}`);
  }
  const csv = readFileSync(`${SHOTS}/cjsm-directory.csv`, "utf8");
  assert.equal(csv.split("\r\n").length, 6002, "a heading, everybody, and the end of the last line");
  assert.ok(csv.includes("José,Number5999,"), "the last person is missing");
  assert.equal(readFileSync(`${SHOTS}/cjsm-directory.ldif`, "utf8").match(/^dn:/gm).length, 6000);
  step("the directory was taken out as CSV and as LDIF");
}

async function bringWhatIsWrong(page, check, step) {
  const wrong = Buffer.concat([directory, Buffer.from('Ann,"Bee,webmail,Police,ann@police.example.cjsm.net\r\n')]);
  await bring(page, "directory.csv", wrong);
  await page.waitForSelector(".govuk-error-summary >> text=directory.csv: line 6002: a quote does not end");
  await check(page, "rules-refused");
  assert.match(await row(page, "directory.csv").textContent(), /6000 rows/);
  assert.equal(await page.inputValue("#why"), "March's export");
  step("one with a wrong row is refused by its row, and the one before stays in use");
  await bring(page, "policy.toml", Buffer.from('[rules]\nassured = "<i>sometimes</i>"\n'));
  await page.waitForSelector(".govuk-error-summary >> text=policy.toml");
  assert.equal(await page.locator("main i").count(), 0, "what the gateway quotes is text");
  await bring(page, "directory.csv", Buffer.alloc(16 * 1024 * 1024 + 1));
  await page.waitForSelector("#bring-status:has-text('longer than 16 MiB')");
  await page.route("**/rules/part", (route) => route.fulfill({ status: 422, json: { ok: false, message: "Another is being brought." } }));
  await bring(page, "directory.csv", directory);
  await page.waitForSelector("#bring-status:has-text('Another is being brought.')");
  await page.unroute("**/rules/part");
  assert.ok(await page.isEnabled("text=Try it, and use it"), "one can try again");
  step("a file that is too long, and a part that is refused, are said beside the button");
}

async function goBack(page, check, step) {
  await page.goto(CONSOLE + "/rules");
  await page.selectOption("#remove-name", "directory.csv");
  await page.fill("#remove-why", "it was April's");
  await page.click("button:has-text('Go back to provisioning')");
  await page.waitForSelector("text=directory.csv: there is none in use now");
  await check(page, "rules-removed");
  assert.match(await row(page, "directory.csv").textContent(), /There is none/);
  for (const log of ["gatewayd", "admind"]) {
    await page.goto(`${CONSOLE}/audit/${log}`);
    const text = await page.textContent("main");
    for (const words of ["policy-set", "policy-remove", "policy/directory.csv", "Alice Archer"])
      assert.ok(text.includes(words), `${log}'s audit log has no ${words}`);
  }
  step("the way back leads to what provisioning gave, and both audit logs name who did it");
}

export async function rules({ page, check, step }) {
  await bringADirectory(page, check, step);
  await takeTheDirectoryOut(page, check, step);
  await bringWhatIsWrong(page, check, step);
  await goBack(page, check, step);
}

// By the CA whose certificate the relay is trusted by: one serial number, which nobody here has.
function list(name, from, until) {
  const at = `${SHOTS}/${name}`;
  mkdirSync(at);
  writeFileSync(`${at}/index.txt`, "R\t300101000000Z\t260101000000Z\t0A\tunknown\t/CN=an old relay\n");
  writeFileSync(`${at}/ca.cnf`, `[ca]\ndefault_ca = it\n[it]\ndatabase = ${at}/index.txt\ndefault_md = sha256\n`);
  must("openssl", ["ca", "-gencrl", "-config", `${at}/ca.cnf`, "-keyfile", `${CA}/ca.key`, "-cert", `${CA}/root.pem`,
    "-crl_lastupdate", from, "-crl_nextupdate", until, "-out", `${at}/list.pem`]);
  must("openssl", ["crl", "-in", `${at}/list.pem`, "-outform", "DER", "-out", `${at}/list.der`]);
  return { pem: readFileSync(`${at}/list.pem`), der: readFileSync(`${at}/list.der`) };
}

async function take(page, buffer) {
  await page.setInputFiles("#file", chosen("list.crl", buffer));
  await page.fill("#why", "");
  await page.click("text=Check and use");
  await page.waitForSelector("#revoked-status:has-text('Give a reason.')");
  await page.fill("#why", "as published");
  await page.click("text=Check and use");
}

export async function revocations({ page, check, step }) {
  await page.goto(CONSOLE + "/certificates/cjsm");
  await page.click("text=Revoked certificates");
  await check(page, "revocations-none");
  const late = list("crl-late", "20260101000000Z", "20260201000000Z");
  const newer = list("crl-newer", "20260301000000Z", "20991231000000Z");
  await take(page, late.der);
  await page.waitForSelector("text=The list is in use");
  assert.match(await page.locator("tbody tr").textContent(), /Practice Egress CA.*1 February 2026.*Out of date/);
  await check(page, "revocations-late");
  await page.goto(CONSOLE + "/");
  await page.click("text=Bring a newer list");
  await take(page, newer.pem);
  await page.waitForSelector("text=31 December 2099");
  assert.equal(await page.locator("strong:has-text('Out of date')").count(), 0);
  await take(page, late.der);
  await page.waitForSelector(".govuk-error-summary >> text=the one in use is newer");
  await take(page, Buffer.from("this is no list"));
  await page.waitForSelector(".govuk-error-summary >> text=there is none that can be read");
  await check(page, "revocations-refused");
  step("lists of revoked certificates are taken in DER and PEM; an older one, and what is none, are refused in words");
}
