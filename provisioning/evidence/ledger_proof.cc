#include "provisioning/evidence/ledger_proof.h"

#include <optional>
#include <utility>

#include "firmware/base/audit/checkpoint.h"
#include "provisioning/evidence/collect.h"
#include "provisioning/evidence/signed_log.h"

namespace privyseal::evidence {
namespace {

/// The next mail that the first `size` entries vouch for, as they have it.
Result<std::optional<JsonObject>> next_signed(LedgerExtract& extract, std::uint64_t size,
                                              LedgerProof& proof) {
  for (;;) {
    auto next = extract.next();
    if (!next) return next;
    std::optional<JsonObject>& mail = *next;
    if (!mail) return next;
    if (auto found = as_signed(std::move(*mail), size)) {
      ++proof.mails;
      return found;
    }
    ++proof.unsigned_mails;
  }
}

Result<LedgerProof> begin_proof(Appliance& appliance) {
  auto key = appliance.audit_key();
  if (!key) return std::unexpected(key.error());
  auto state = appliance.audit_state(Daemon::kGatewayd);
  if (!state) return std::unexpected(state.error());
  LedgerProof proof{.note = std::move(state->note), .key = std::move(*key), .verdict = LedgerVerdict{}};
  if (proof.note.empty()) return proof;
  const auto note = audit::parse_note(proof.note);
  if (!note) return fail(name_of(Daemon::kGatewayd), note.error());
  proof.log_entries = note->checkpoint.size;
  return proof;
}

}  // namespace

Result<LedgerProof> prove_ledger(Appliance& appliance, const DateRange& range, const LedgerTakers& takers) {
  auto proof = begin_proof(appliance);
  if (!proof) return proof;
  LedgerExtract extract(appliance, range);
  LedgerCheck ledger([&]() -> Result<std::optional<JsonObject>> {
    auto next = next_signed(extract, proof->log_entries, *proof);
    if (!next) return next;
    const std::optional<JsonObject>& mail = *next;
    if (!mail) return next;
    if (auto taken = takers.mail(*mail); !taken) return std::unexpected(taken.error());
    return next;
  });
  LogCheck log(Daemon::kGatewayd, proof->note, proof->key);
  const auto read = appliance
                        .read_audit_log(Daemon::kGatewayd, proof->log_entries,
                                        [&](const std::string& line) {
                                          log.add(line);
                                          return takers.line(line).and_then([&] { return ledger.add(line); });
                                        })
                        .and_then([&] { return ledger.finish(); });
  if (!read) return std::unexpected(read.error());
  proof->verdict = ledger.verdict();
  if (const auto sound = log.finish(); !sound)
    proof->verdict = fail(ErrorCode::kInvalid, "gatewayd's log: " + sound.error().message);
  return proof;
}

}  // namespace privyseal::evidence
