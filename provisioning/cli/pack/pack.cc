#include "provisioning/cli/pack/pack.h"

#include <format>

#include "provisioning/cli/embedded.h"
#include "provisioning/cli/keys.h"
#include "provisioning/cli/pack/page.h"
#include "provisioning/cli/pem.h"
#include "provisioning/cli/reading.h"
#include "provisioning/cli/text.h"

namespace privyseal::cli {
namespace {

std::string in_range(const SignedLog& log, const DateRange& range) {
  std::vector<std::string> lines;
  for (const std::string& line : log.lines) {
    const auto entry = parse_json_object(line);
    const auto at = entry ? parse_time(shown(*entry, "ts")) : std::nullopt;
    if (at && *at >= range.from && *at < range.to) lines.push_back(line);
  }
  return file_of(lines);
}

std::string answer_file(const Result<JsonObject>& answer) {
  if (answer) return to_text(*answer) + "\n";
  return to_text(
             {{"ok", false}, {"code", to_string(answer.error().code)}, {"message", answer.error().message}}) +
         "\n";
}

Result<JsonObject> keys_of(const Facts& facts) {
  if (!facts.keys) return std::unexpected(facts.keys.error());
  return key_inventory(*facts.keys, facts.uses.value_or(std::vector<hsm::KeyUses>{}));
}

void add_logs(PackFiles& files, const Facts& facts) {
  for (const auto& [daemon, log] : facts.logs) {
    if (!log || log->note.empty()) continue;
    const std::string name(name_of(daemon));
    files["data/" + name + ".jsonl"] = in_range(*log, facts.range);
    files["logs/" + name + ".jsonl"] = file_of(log->lines);
    files["logs/" + name + ".note"] = log->note;
  }
}

JsonArray findings_json(const std::vector<Finding>& findings) {
  JsonArray list;
  for (const Finding& finding : findings)
    list.push_back(JsonObject{
        {"check", finding.check}, {"status", to_string(finding.standing)}, {"sentence", finding.sentence}});
  return list;
}

}  // namespace

JsonObject pack_json(const Facts& facts, const Terms& terms, const std::vector<RowFindings>& findings,
                     const std::string& hash) {
  JsonArray rows;
  for (const RowFindings& row : findings)
    rows.push_back(JsonObject{{"id", row.row->id},
                              {"number", row.row->number},
                              {"title", row.row->title},
                              {"status", to_string(row.standing)},
                              {"text", row.row->text},
                              {"findings", findings_json(row.findings)}});
  JsonArray logs;
  for (const auto& [daemon, log] : facts.logs) {
    JsonObject entry{{"log", name_of(daemon)}};
    if (log)
      entry["signed"] = log->lines.size();
    else
      entry["missing"] = log.error().message;
    logs.push_back(std::move(entry));
  }
  return {{"v", 1},
          {"host", facts.host},
          {"from", to_rfc3339(facts.range.from)},
          {"to", to_rfc3339(facts.range.to)},
          {"made_at", to_rfc3339(facts.now)},
          {"content_hash", hash},
          {"token", "test token, not validated"},
          {"mails", facts.mails.size()},
          {"unsigned_mails", facts.unsigned_mails},
          {"logs", std::move(logs)},
          {"terms", JsonObject{{"version", terms.version}, {"date", terms.date}, {"title", terms.title}}},
          {"clauses", std::move(rows)}};
}

PackFiles pack_files(const Facts& facts, const Terms& terms) {
  PackFiles files;
  std::string ledger;
  for (const JsonObject& mail : facts.mails) ledger += to_text(mail) + "\n";
  files["data/ledger.jsonl"] = std::move(ledger);
  add_logs(files, facts);
  const std::string hash = content_hash(files);

  files["keys.json"] = answer_file(keys_of(facts));
  files["certificates.json"] = answer_file(facts.certificates);
  files["accounts.json"] = answer_file(facts.accounts);
  files["audit-key.pem"] = public_key_pem(facts.audit_key);
  files["verify_pack.py"] = std::string(kVerifyPack);
  const auto findings = judge(terms, facts);
  files["pack.json"] = to_text(pack_json(facts, terms, findings, hash)) + "\n";
  files["index.html"] = pack_page(facts, terms, findings, hash);
  return files;
}

}  // namespace privyseal::cli
