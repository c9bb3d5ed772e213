#include "provisioning/cli/pack_command.h"

#include <sys/stat.h>

#include <format>

#include "ca/fingerprint.h"
#include "firmware/base/file.h"
#include "provisioning/cli/embedded.h"
#include "provisioning/cli/pack/collect.h"
#include "provisioning/cli/pack/ledger_check.h"
#include "provisioning/cli/pack/pack.h"
#include "provisioning/cli/pack/tar.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"
#include "provisioning/cli/values.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;
namespace fs = std::filesystem;

constexpr std::string_view kDeclarationsFile = "/etc/privyseal/declarations.toml";
constexpr std::size_t kMaxSettingsBytes = 1 << 20;
constexpr mode_t kEvidence = 0640;  // it names people

Result<DateRange> range_of(const Arguments& arguments) {
  const auto from = time_option(arguments, "from");
  if (!from) return std::unexpected(from.error());
  const auto to = time_option(arguments, "to");
  if (!to) return std::unexpected(to.error());
  if (**from >= **to) return fail(ErrorCode::kInvalid, "--from must be before --to");
  return DateRange{**from, **to};
}

Result<void> check(const Arguments& arguments) {
  if (auto wait = number_option(arguments, "wait", 3600); !wait) return std::unexpected(wait.error());
  return range_of(arguments).transform([](const auto&) {});
}

Result<Terms> read_terms(const Arguments& arguments) {
  if (!arguments.has("terms")) return parse_terms(kTerms, "terms v10.2");
  const auto text = read_file(arguments.text("terms"), kMaxSettingsBytes);
  if (!text) return std::unexpected(text.error());
  return parse_terms(text_of(*text), arguments.text("terms"));
}

/// The usual file need not be there; one that was named must.
Result<Declarations> read_declarations(const Arguments& arguments, const Terms& terms) {
  const bool is_named = arguments.has("declarations");
  const std::string file = is_named ? arguments.text("declarations") : std::string(kDeclarationsFile);
  const auto text = read_file(file, kMaxSettingsBytes);
  if (!text && !is_named && text.error().code == ErrorCode::kNotFound) return Declarations{};
  if (!text) return std::unexpected(text.error());
  return parse_declarations(text_of(*text), file, terms.declarations());
}

/// kConflict: there is something already.
Result<void> check_free(const fs::path& out) {
  std::error_code error;
  if (!fs::exists(out, error) && !error) return {};
  return fail(ErrorCode::kConflict, out.string() + " exists already; a pack is never written over");
}

Result<void> write_folder(const PackFiles& files, const fs::path& folder) {
  const fs::path partial = folder.string() + ".partial";
  std::error_code error;
  fs::remove_all(partial, error);
  for (const auto& [path, content] : files) {
    const fs::path file = partial / path;
    fs::create_directories(file.parent_path(), error);
    if (error) return fail(ErrorCode::kUnavailable, file.parent_path().string() + ": " + error.message());
    if (auto written = replace_file(file, bytes_of(content), kEvidence); !written) return written;
  }
  fs::permissions(partial, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, error);
  if (!error) fs::rename(partial, folder, error);
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  return {};
}

Result<void> write_pack(const PackFiles& files, const fs::path& out) {
  if (out.extension() != ".tar") return write_folder(files, out);
  const std::string archive = tar_of(files, "pack");
  return replace_file(out, bytes_of(archive), kEvidence);
}

std::string missing_text(const Facts& facts) {
  std::string text;
  for (const auto& [daemon, log] : facts.logs)
    if (!log)
      text += std::format("Without the log of {}: {}.\n", name_of(daemon), escaped(log.error().message));
  if (facts.unsigned_mails > 0)
    text +=
        std::format("Without {}: no checkpoint covers them yet.\n", counted(facts.unsigned_mails, "mail"));
  return text;
}

/// What was written must be looked into: the pack itself shows that something is wrong.
std::string unsound_text(const Facts& facts) {
  std::string text;
  for (const auto& [daemon, log] : facts.logs)
    if (log && !log->note.empty())
      if (const auto checked = check_log(*log, facts.audit_key); !checked)
        text +=
            std::format("NOT SOUND: the log of {}: {}.\n", name_of(daemon), escaped(checked.error().message));
  const auto& log = facts.logs.at(Daemon::kGatewayd);
  if (const auto checked = check_ledger(facts.mails, log->lines); !checked)
    text += std::format("NOT SOUND: the ledger: {}.\n", escaped(checked.error().message));
  return text;
}

Report report_of(const Facts& facts, const PackFiles& files, const std::string& hash,
                 const std::string& out) {
  Fields fields;
  fields.add("pack", out);
  fields.add("of", facts.host);
  fields.add("range", to_rfc3339(facts.range.from) + " until before " + to_rfc3339(facts.range.to));
  fields.add("mails", std::to_string(facts.mails.size()));
  fields.add("files", std::to_string(files.size()));
  fields.add("content hash", hash);
  fields.add("audit key", ca::key_fingerprint(facts.audit_key));
  fields.add("token", "test token, not validated");
  const std::string missing = missing_text(facts);
  const std::string unsound = unsound_text(facts);
  return {
      .json = {{"ok", unsound.empty()},
               {"out", out},
               {"host", facts.host},
               {"mails", facts.mails.size()},
               {"unsigned_mails", facts.unsigned_mails},
               {"content_hash", hash},
               {"audit_key", ca::key_fingerprint(facts.audit_key)}},
      .text = fields.text() + missing + unsound +
              "\nTo check it, with Python and OpenSSL alone: python3 verify_pack.py, in the pack's folder.\n",
      .status = !unsound.empty()   ? ExitStatus::kFailed
                : !missing.empty() ? ExitStatus::kWarning
                                   : ExitStatus::kOk};
}

Result<Report> pack(const Arguments& arguments, Surroundings& at) {
  const std::string out = arguments.text("out");
  if (auto is_free = check_free(out); !is_free) return std::unexpected(is_free.error());
  const auto terms = read_terms(arguments);
  if (!terms) return std::unexpected(terms.error());
  auto declarations = read_declarations(arguments, *terms);
  if (!declarations) return std::unexpected(declarations.error());
  const auto wait = number_option(arguments, "wait", 3600).value_or(std::nullopt);
  auto facts = collect(at, *range_of(arguments), wait ? std::chrono::seconds(*wait) : kWaitForCheckpoint);
  if (!facts) return std::unexpected(facts.error());
  facts->declarations = std::move(*declarations);
  PackFiles files = pack_files(*facts, *terms);
  auto note = sign_manifest(files, facts->host, facts->audit_key,
                            [&](std::string_view text) { return at.appliance.sign_checkpoint(text); });
  if (!note) return std::unexpected(note.error());
  const std::string hash = content_hash(files);
  const std::string manifest = manifest_of(files);
  files[std::string(kManifest)] = manifest;
  files[std::string(kManifestNote)] = std::move(*note);
  if (auto written = write_pack(files, out); !written) return std::unexpected(written.error());
  return report_of(*facts, files, hash, out);
}

}  // namespace

Command pack_command() {
  return {.words = "audit pack",
          .summary = "signed evidence for an auditor, of a range of days",
          .bare = {},
          .options = {{.name = "from", .value = "DATE", .help = "the first day (UTC)"},
                      {.name = "to", .value = "DATE", .help = "the day after the last (UTC)"},
                      {.name = "out", .value = "FOLDER|FILE.tar", .help = "must not exist yet"},
                      {.name = "declarations",
                       .value = "FILE",
                       .help = std::format("what the organisation declares; {}", kDeclarationsFile),
                       .kind = Kind::kOptional},
                      {.name = "terms",
                       .value = "FILE",
                       .help = "other terms than version 10.2",
                       .kind = Kind::kOptional},
                      {.name = "wait",
                       .value = "SECONDS",
                       .help = "for the newest mails to be signed; 90",
                       .kind = Kind::kOptional}},
          .what = Task{check, pack}};
}

}  // namespace privyseal::cli
