#include "provisioning/evidence/signed_log.h"

#include <format>

namespace privyseal::evidence {

Result<SignedLog> copy_log(Appliance& appliance, Daemon daemon, const std::filesystem::path& folder) {
  auto state = appliance.audit_state(daemon);
  if (!state) return std::unexpected(state.error());
  SignedLog log{
      .daemon = daemon, .size_now = state->size, .note = std::move(state->note), .lines = Lines(folder)};
  if (log.note.empty()) return log;
  const auto note = audit::parse_note(log.note);
  if (!note) return fail(name_of(daemon), note.error());
  const auto keep = [&](const std::string& line) -> Result<void> {
    log.lines.push_back(line);
    return {};
  };
  const auto read = appliance.read_audit_log(daemon, note->checkpoint.size, keep).and_then([&] {
    return log.lines.state();
  });
  if (!read) return std::unexpected(read.error());
  return log;
}

namespace {

Result<audit::Checkpoint> checkpoint_of(Daemon daemon, const std::string& text, ByteView public_key) {
  if (text.empty()) return fail(ErrorCode::kInvalid, "nothing of it is signed yet");
  const auto note = audit::parse_note(text);
  if (!note) return std::unexpected(note.error());
  if (auto checked = audit::check_signature(*note, public_key); !checked)
    return std::unexpected(checked.error());
  const audit::Checkpoint& checkpoint = note->checkpoint;
  if (!checkpoint.origin.ends_with("/" + std::string(name_of(daemon))))
    return fail(ErrorCode::kInvalid, std::format("its checkpoint is of another log, {}", checkpoint.origin));
  return checkpoint;
}

}  // namespace

LogCheck::LogCheck(Daemon daemon, const std::string& note, ByteView public_key)
    : checkpoint_(checkpoint_of(daemon, note, public_key)) {}

void LogCheck::add(const std::string& line) { range_.append(audit::leaf_hash(bytes_of(line))); }

Result<audit::Checkpoint> LogCheck::finish() const {
  if (!checkpoint_) return checkpoint_;
  if (range_.size() != checkpoint_->size)
    return fail(ErrorCode::kInvalid,
                std::format("{} entries, but {} were signed", range_.size(), checkpoint_->size));
  if (range_.root() != checkpoint_->root)
    return fail(ErrorCode::kInvalid, "an entry differs from what was signed");
  return checkpoint_;
}

Result<audit::Checkpoint> check_log(const SignedLog& log, ByteView public_key) {
  LogCheck check(log.daemon, log.note, public_key);
  for (const std::string& line : log.lines) check.add(line);
  if (auto read = log.lines.state(); !read) return std::unexpected(read.error());
  return check.finish();
}

}  // namespace privyseal::evidence
