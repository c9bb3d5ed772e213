#include "provisioning/evidence/signed_pack.h"

#include <format>

#include "provisioning/evidence/ledger_check.h"
#include "provisioning/evidence/pack.h"
#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

std::vector<std::string> missing_in(const Facts& facts) {
  std::vector<std::string> missing;
  for (const auto& [daemon, log] : facts.logs)
    if (!log)
      missing.push_back(
          std::format("Without the log of {}: {}.", name_of(daemon), escaped(log.error().message)));
  if (facts.unsigned_mails > 0)
    missing.push_back(
        std::format("Without {}: no checkpoint covers them yet.", counted(facts.unsigned_mails, "mail")));
  return missing;
}

std::vector<std::string> unsound_in(const Facts& facts) {
  std::vector<std::string> unsound;
  for (const auto& [daemon, log] : facts.logs)
    if (log && !log->note.empty())
      if (const auto checked = check_log(*log, facts.audit_key); !checked)
        unsound.push_back(
            std::format("the log of {}: {}.", name_of(daemon), escaped(checked.error().message)));
  const auto& log = facts.logs.at(Daemon::kGatewayd);
  if (const auto checked = check_ledger(facts.mails, log->lines); !checked)
    unsound.push_back(std::format("the ledger: {}.", escaped(checked.error().message)));
  return unsound;
}

}  // namespace

Result<SignedPack> make_pack(const Collecting& at, const DateRange& range, std::chrono::seconds wait,
                             const Terms& terms, Declarations declarations) {
  auto facts = collect(at, range, wait);
  if (!facts) return std::unexpected(facts.error());
  facts->declarations = std::move(declarations);
  SignedPack pack{.host = facts->host,
                  .range = range,
                  .made_at = facts->now,
                  .audit_key = facts->audit_key,
                  .token = facts->token,
                  .mails = facts->mails.size(),
                  .unsigned_mails = facts->unsigned_mails,
                  .content_hash = {},
                  .missing = missing_in(*facts),
                  .unsound = unsound_in(*facts)};
  auto files = pack_files(*facts, terms);
  if (!files) return std::unexpected(files.error());
  auto note = sign_manifest(*files, facts->host, facts->audit_key,
                            [&](std::string_view text) { return at.appliance.sign_checkpoint(text); });
  if (!note) return std::unexpected(note.error());
  pack.content_hash = content_hash(*files);
  std::string manifest = manifest_of(*files);
  files->emplace(kManifest, std::move(manifest));
  files->emplace(kManifestNote, std::move(*note));
  pack.files = std::make_shared<const PackFiles>(std::move(*files));
  return pack;
}

}  // namespace privyseal::evidence
