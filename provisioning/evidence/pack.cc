#include "provisioning/evidence/pack.h"

#include <format>

#include "provisioning/evidence/embedded.h"
#include "provisioning/evidence/key_inventory.h"
#include "provisioning/evidence/page.h"
#include "provisioning/evidence/pem.h"
#include "provisioning/evidence/reading.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

Lines in_range(const SignedLog& log, const DateRange& range) {
  Lines lines = log.lines.another();
  for (const std::string& line : log.lines) {
    const auto entry = parse_json_object(line);
    const auto at = entry ? parse_time(shown(*entry, "ts")) : std::nullopt;
    if (at && *at >= range.from && *at < range.to) lines.push_back(line);
  }
  return lines;
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

Result<void> add(PackFiles& files, const std::string& path, Lines lines) {
  auto content = Content::of(std::move(lines));
  if (!content) return std::unexpected(content.error());
  files.emplace(path, std::move(*content));
  return {};
}

Result<void> add_logs(PackFiles& files, const Facts& facts) {
  for (const auto& [daemon, log] : facts.logs) {
    if (!log || log->note.empty()) continue;
    const std::string name(name_of(daemon));
    if (auto added = add(files, "data/" + name + ".jsonl", in_range(*log, facts.range)); !added) return added;
    if (auto added = add(files, "logs/" + name + ".jsonl", log->lines); !added) return added;
    files.emplace("logs/" + name + ".note", log->note);
  }
  return {};
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
          {"token", facts.token.in_words()},
          {"token_name", facts.token.name},
          {"mails", facts.mails.size()},
          {"unsigned_mails", facts.unsigned_mails},
          {"logs", std::move(logs)},
          {"terms", JsonObject{{"version", terms.version}, {"date", terms.date}, {"title", terms.title}}},
          {"clauses", std::move(rows)}};
}

Result<PackFiles> pack_files(const Facts& facts, const Terms& terms) {
  PackFiles files;
  if (auto added = add(files, "data/ledger.jsonl", facts.mails.lines()); !added)
    return std::unexpected(added.error());
  if (auto added = add_logs(files, facts); !added) return std::unexpected(added.error());
  const std::string hash = content_hash(files);

  files.emplace("keys.json", answer_file(keys_of(facts)));
  files.emplace("certificates.json", answer_file(facts.certificates));
  files.emplace("accounts.json", answer_file(facts.accounts));
  files.emplace("audit-key.pem", public_key_pem(facts.audit_key));
  files.emplace("verify_pack.py", std::string(kVerifyPack));
  const auto findings = judge(terms, facts);
  files.emplace("pack.json", to_text(pack_json(facts, terms, findings, hash)) + "\n");
  files.emplace("index.html", pack_page(facts, terms, findings, hash));
  if (auto read = facts.state(); !read) return std::unexpected(read.error());
  return files;
}

}  // namespace privyseal::evidence
