#include "provisioning/cli/signed_log.h"

#include <format>

#include "firmware/base/audit/merkle.h"

namespace privyseal::cli {

Result<SignedLog> copy_log(Appliance& appliance, Daemon daemon) {
  auto state = appliance.audit_state(daemon);
  if (!state) return std::unexpected(state.error());
  SignedLog log{.daemon = daemon, .size_now = state->size, .note = std::move(state->note), .lines = {}};
  if (log.note.empty()) return log;
  const auto note = audit::parse_note(log.note);
  if (!note) return fail(name_of(daemon), note.error());
  auto lines = appliance.audit_log(daemon, note->checkpoint.size);
  if (!lines) return std::unexpected(lines.error());
  log.lines = std::move(*lines);
  return log;
}

Result<audit::Checkpoint> check_log(const SignedLog& log, ByteView public_key) {
  if (log.note.empty()) return fail(ErrorCode::kInvalid, "nothing of it is signed yet");
  const auto note = audit::parse_note(log.note);
  if (!note) return std::unexpected(note.error());
  if (auto checked = audit::check_signature(*note, public_key); !checked)
    return std::unexpected(checked.error());
  const audit::Checkpoint& checkpoint = note->checkpoint;
  if (!checkpoint.origin.ends_with("/" + std::string(name_of(log.daemon))))
    return fail(ErrorCode::kInvalid, std::format("its checkpoint is of another log, {}", checkpoint.origin));
  if (log.lines.size() != checkpoint.size)
    return fail(ErrorCode::kInvalid,
                std::format("{} entries, but {} were signed", log.lines.size(), checkpoint.size));
  audit::CompactRange range;
  for (const std::string& line : log.lines) range.append(audit::leaf_hash(bytes_of(line)));
  if (range.root() != checkpoint.root)
    return fail(ErrorCode::kInvalid, "an entry differs from what was signed");
  return checkpoint;
}

std::string file_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace privyseal::cli
