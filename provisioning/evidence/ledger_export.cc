#include "provisioning/evidence/ledger_export.h"

#include <utility>

#include "firmware/base/bytes.h"
#include "provisioning/evidence/embedded.h"
#include "provisioning/evidence/ledger_csv.h"
#include "provisioning/evidence/mails.h"
#include "provisioning/evidence/pem.h"

namespace privyseal::evidence {
namespace {

constexpr std::string_view kRows = "ledger.jsonl";

/// Rows that cannot be read again are remembered by themselves.
Lines csv_of(const Mails& rows, const LedgerCsv& csv) {
  Lines lines = rows.lines().another();
  lines.append(csv.heading());
  for (const JsonObject& mail : rows) lines.append(csv.line(mail));
  return lines;
}

Result<PackFiles> files_of(const LedgerProof& proof, const Mails& rows, const Lines& log,
                           const LedgerCsv& csv) {
  PackFiles files{{"audit-key.pem", public_key_pem(proof.key)},
                  {"gatewayd.note", proof.note},
                  {"verify_pack.py", std::string(kVerifyPack)}};
  for (const auto& [name, lines] : {std::pair<std::string_view, Lines>{"gatewayd.jsonl", log},
                                    {"ledger.csv", csv_of(rows, csv)},
                                    {kRows, rows.lines()}}) {
    auto content = Content::of(lines);
    if (!content) return std::unexpected(content.error());
    files.emplace(name, std::move(*content));
  }
  if (auto sound = rows.lines().state(); !sound) return std::unexpected(sound.error());
  return files;
}

}  // namespace

std::string LedgerExport::rows_hash() const { return to_hex(files->at(std::string(kRows)).sha256()); }

Result<LedgerExport> export_ledger(const Collecting& at, const DateRange& range) {
  Mails rows{Lines(at.folder)};
  Lines log(at.folder);
  LedgerCsv csv;
  auto proof = prove_ledger(at.appliance, range,
                            {.mail =
                                 [&](const JsonObject& mail) {
                                   csv.look_at(mail);
                                   rows.push_back(mail);
                                   return Result<void>();
                                 },
                             .line =
                                 [&](const std::string& line) {
                                   log.push_back(line);
                                   return Result<void>();
                                 }});
  if (!proof) return std::unexpected(proof.error());
  auto files = files_of(*proof, rows, log, csv);
  if (!files) return std::unexpected(files.error());
  return LedgerExport{.range = range,
                      .made_at = at.clock.now(),
                      .proof = std::move(*proof),
                      .files = std::make_shared<const PackFiles>(std::move(*files))};
}

}  // namespace privyseal::evidence
