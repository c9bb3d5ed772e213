#include "provisioning/cli/pack_command.h"

#include <sys/stat.h>

#include <format>
#include <optional>

#include "ca/fingerprint.h"
#include "firmware/base/file.h"
#include "provisioning/cli/growing_file.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/values.h"
#include "provisioning/evidence/embedded.h"
#include "provisioning/evidence/signed_pack.h"
#include "provisioning/evidence/tar.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;
namespace fs = std::filesystem;
using evidence::DateRange;
using evidence::Declarations;
using evidence::PackFiles;
using evidence::SignedPack;
using evidence::Terms;

constexpr std::size_t kMaxSettingsBytes = 1 << 20;
constexpr mode_t kEvidence = 0640;  // it names people

Result<DateRange> range_of(const Arguments& arguments) {
  const auto from = time_option(arguments, "from");
  if (!from) return std::unexpected(from.error());
  const auto to = time_option(arguments, "to");
  if (!to) return std::unexpected(to.error());
  const std::optional<WallTime>& first = *from;
  const std::optional<WallTime>& end = *to;
  if (!first || !end || *first >= *end) return fail(ErrorCode::kInvalid, "--from must be before --to");
  return DateRange{*first, *end};
}

Result<void> check(const Arguments& arguments) {
  if (auto wait = number_option(arguments, "wait", 3600); !wait) return std::unexpected(wait.error());
  return range_of(arguments).transform([](const auto&) {});
}

Result<Terms> read_terms(const Arguments& arguments) {
  if (!arguments.has("terms")) return evidence::parse_terms(evidence::kTerms, "terms v10.2");
  const auto text = read_file(arguments.text("terms"), kMaxSettingsBytes);
  if (!text) return std::unexpected(text.error());
  return evidence::parse_terms(text_of(*text), arguments.text("terms"));
}

/// The usual file need not be there; one that was named must.
Result<Declarations> read_declarations(const Arguments& arguments, const Terms& terms) {
  const auto names = terms.declarations();
  if (!arguments.has("declarations")) return evidence::read_declarations(evidence::kDeclarationsFile, names);
  const std::string file = arguments.text("declarations");
  const auto text = read_file(file, kMaxSettingsBytes);
  if (!text) return std::unexpected(text.error());
  return evidence::parse_declarations(text_of(*text), file, names);
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
    if (auto written = write_content(content, file, kEvidence); !written) return written;
  }
  fs::permissions(partial, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, error);
  if (!error) fs::rename(partial, folder, error);
  if (error) return fail(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
  return {};
}

Result<void> write_archive(const SignedPack& pack, const fs::path& out) {
  auto file = GrowingFile::create(out, kEvidence);
  if (!file) return std::unexpected(file.error());
  evidence::TarReader archive(pack.files, "pack");
  for (;;) {
    const auto piece = archive.next();
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty()) return file->finish();
    if (auto added = file->add(*piece); !added) return added;
  }
}

Result<void> write_pack(const SignedPack& pack, const fs::path& out) {
  return out.extension() == ".tar" ? write_archive(pack, out) : write_folder(*pack.files, out);
}

std::string lines_of(std::string_view before, const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += std::format("{}{}\n", before, sentence);
  return text;
}

Report report_of(const SignedPack& pack, const std::string& out) {
  const std::string audit_key = ca::key_fingerprint(pack.audit_key);
  Fields fields;
  fields.add("pack", out);
  fields.add("of", pack.host);
  fields.add("range", to_rfc3339(pack.range.from) + " until before " + to_rfc3339(pack.range.to));
  fields.add("mails", std::to_string(pack.mails));
  fields.add("files", std::to_string(pack.files->size()));
  fields.add("content hash", pack.content_hash);
  fields.add("audit key", audit_key);
  fields.add("token", std::string(pack.token.in_words()));
  return {
      .json = {{"ok", pack.unsound.empty()},
               {"out", out},
               {"host", pack.host},
               {"mails", pack.mails},
               {"unsigned_mails", pack.unsigned_mails},
               {"content_hash", pack.content_hash},
               {"audit_key", audit_key},
               {"token", pack.token.in_words()}},
      .text = fields.text() + lines_of("", pack.missing) + lines_of("NOT SOUND: ", pack.unsound) +
              "\nTo check it, with Python and OpenSSL alone: python3 verify_pack.py, in the pack's folder.\n",
      .status = !pack.unsound.empty()   ? ExitStatus::kFailed
                : !pack.missing.empty() ? ExitStatus::kWarning
                                        : ExitStatus::kOk};
}

fs::path made_folder_of(const fs::path& out) {
  const fs::path folder = folder_of(out);
  std::error_code ignored;  // nothing can be kept there then, which says why
  fs::create_directories(folder, ignored);
  return folder;
}

Result<Report> pack(const Arguments& arguments, Surroundings& at) {
  const std::string out = arguments.text("out");
  if (auto is_free = check_free(out); !is_free) return std::unexpected(is_free.error());
  const auto terms = read_terms(arguments);
  if (!terms) return std::unexpected(terms.error());
  auto declarations = read_declarations(arguments, *terms);
  if (!declarations) return std::unexpected(declarations.error());
  const auto wait = number_option(arguments, "wait", 3600).value_or(std::nullopt);
  const auto made = evidence::make_pack(
      {.appliance = at.appliance,
       .clock = at.clock,
       .folder = made_folder_of(out),
       .say = [&](std::string_view note) { at.notes << note << '\n'
                                                    << std::flush; }},
      *range_of(arguments), wait ? std::chrono::seconds(*wait) : evidence::kWaitForCheckpoint, *terms,
      std::move(*declarations));
  if (!made) return std::unexpected(made.error());
  if (auto written = write_pack(*made, out); !written) return std::unexpected(written.error());
  return report_of(*made, out);
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
                       .help = std::format("what the organisation declares; {}", evidence::kDeclarationsFile),
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
