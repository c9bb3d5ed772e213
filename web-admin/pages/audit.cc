#include "web-admin/pages/audit.h"

#include <algorithm>
#include <array>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/audit/merkle.h"
#include "firmware/base/number.h"
#include "hsm/audit_signer.h"
#include "web-admin/pages/declarations.h"
#include "web-admin/pages/layout.h"
#include "web-admin/server/own_door.h"

namespace privyseal::web {
namespace {

constexpr std::int64_t kEntriesAPage = 50;
constexpr std::uint64_t kEntriesARound = 500;

struct LogName {
  std::string_view name;
  std::string_view title;
  std::string_view means;
};
constexpr std::array kLogs{
    LogName{"gatewayd", "Mail", "Every message that was opened and closed"},
    LogName{"renewd", "Certificates", "Every request, import, activation and renewal"},
    LogName{"keyd", "Keys", "Every key that was made or retired, and every refusal"},
    LogName{"admind", "Console", "Every sign-in, every act of a person, and what was refused"},
};

const LogName* log_named(std::string_view name) {
  const auto* found = std::ranges::find(kLogs, name, &LogName::name);
  return found == kLogs.end() ? nullptr : found;
}

/// keyd's log has no verify of its own for us: everything is read and its root compared with what is signed.
Result<JsonObject> verify_keyd(Visit& visit) {
  const auto checkpoint = visit.at.keys.audit_checkpoint();
  if (!checkpoint) return std::unexpected(checkpoint.error());
  if (checkpoint->note.empty())
    return JsonObject{{"size", checkpoint->size}, {"checkpoint_size", 0}, {"signatures_checked", false}};
  const auto note = audit::parse_note(checkpoint->note);
  if (!note) return fail(ErrorCode::kInvalid, "the signed checkpoint cannot be read");
  const auto key = visit.at.keys.find_key(hsm::kAuditKey);
  if (!key) return std::unexpected(key.error());
  if (auto right = audit::check_signature(*note, key->public_key); !right)
    return fail(ErrorCode::kInvalid, "the signature of the checkpoint is not the audit key's");
  audit::CompactRange range;
  while (range.size() < note->checkpoint.size) {
    const std::uint64_t missing = note->checkpoint.size - range.size();
    const auto lines = visit.at.keys.audit_entries(range.size(), std::min(missing, kEntriesARound));
    if (!lines) return std::unexpected(lines.error());
    if (lines->empty() || lines->size() > missing)
      return fail(ErrorCode::kInvalid, "entries are missing that the signed checkpoint covers");
    for (const std::string& line : *lines) range.append(audit::leaf_hash(bytes_of(line)));
  }
  if (range.root() != note->checkpoint.root)
    return fail(ErrorCode::kInvalid, "the entries are not those that the checkpoint was signed over");
  return JsonObject{
      {"size", checkpoint->size}, {"checkpoint_size", note->checkpoint.size}, {"signatures_checked", true}};
}

Result<JsonObject> ask_keyd_log(Visit& visit, std::string_view operation, const JsonObject& request) {
  if (operation == "audit-verify") return verify_keyd(visit);
  const auto checkpoint = visit.at.keys.audit_checkpoint();
  if (!checkpoint) return std::unexpected(checkpoint.error());
  if (operation == "audit-checkpoint")
    return JsonObject{{"note", checkpoint->note}, {"size", checkpoint->size}};
  const auto lines = visit.at.keys.audit_entries(static_cast<std::uint64_t>(count_of(request, "after")),
                                                 static_cast<std::size_t>(count_of(request, "limit")));
  if (!lines) return std::unexpected(lines.error());
  JsonArray entries;
  for (const std::string& line : *lines) entries.emplace_back(line);
  return JsonObject{{"entries", std::move(entries)}, {"size", checkpoint->size}};
}

/// The audit operations of any daemon, by whichever way it is reached.
Result<JsonObject> ask_log(Visit& visit, std::string_view log, std::string_view operation,
                           JsonObject request = {}) {
  if (log == "admind") return ask_own_log(visit.at, operation, request);
  if (log == "keyd") return ask_keyd_log(visit, operation, request);
  const Settings& settings = visit.at.settings;
  return ask(visit, log == "gatewayd" ? settings.gateway_door : settings.renewal_door, operation,
             std::move(request));
}

/// How many entries the note's signature covers: the second line of the note.
std::string signed_size(const JsonObject& checkpoint) {
  const std::string note = shown(checkpoint, "note");
  const auto first = note.find('\n');
  if (first == std::string::npos) return {};
  return note.substr(first + 1, note.find('\n', first + 1) - first - 1);
}

Html state_of(const Result<JsonObject>& checkpoint) {
  if (!checkpoint) return tag(Tone::kAttention, "Not answering");
  if (count_of(*checkpoint, "size") == 0) return tag(Tone::kNeutral, "Empty");
  const std::string covered = signed_size(*checkpoint);
  if (covered.empty()) return tag(Tone::kAttention, "Not signed yet");
  return tag(Tone::kGood, "Signed to entry " + covered);
}

Html log_link(const LogName& log, std::string_view rest, std::string_view text) {
  return el("a", {{"class", "govuk-link"}, {"href", "/audit/" + std::string(log.name) + std::string(rest)}},
            text, el("span", {{"class", "govuk-visually-hidden"}}, ": ", log.title));
}

/// One entry's line; one that cannot be read is shown as it is.
std::vector<Html> row_of(const std::string& line) {
  const auto entry = parse_json_object(line);
  if (!entry) return {"?", "", "", el("code", {{"class", "ps-code"}}, line), ""};
  std::string who = shown(*entry, "actor");
  if (const std::string role = shown(*entry, "role"); !role.empty()) who += ", " + role;
  if (const std::string source = shown(*entry, "source"); !source.empty()) who += ", " + source;
  std::string outcome = shown(*entry, "outcome");
  if (const std::string why = shown(*entry, "why"); !why.empty()) outcome += ": " + why;
  return {shown(*entry, "seq"), friendly_time(shown(*entry, "ts")), long_text(who),
          long_text(shown(*entry, "action") + " " + shown(*entry, "object")), long_text(outcome)};
}

Html entries_of(const JsonObject& answer) {
  const auto lines = json_texts(answer, "entries");
  if (!lines || lines->empty()) return inset("There is no entry here.");
  Table entries{
      .caption = "Entries, newest first", .columns = {"No", "When", "Who", "What", "Outcome"}, .rows = {}};
  for (auto line = lines->rbegin(); line != lines->rend(); ++line) entries.rows.push_back(row_of(*line));
  return table(entries);
}

std::int64_t page_begin(const Visit& visit, std::int64_t size) {
  const auto after = parse_number(visit.query.text("after"));
  if (after && *after < size) return *after;
  return std::max<std::int64_t>(0, size - kEntriesAPage);
}

Html paging(const LogName& log, std::int64_t after, std::int64_t size) {
  Html links;
  const auto add = [&](std::int64_t target, std::string_view text) {
    links += el("li", {}, link("/audit/" + std::string(log.name) + "?after=" + std::to_string(target), text));
  };
  if (after > 0) add(std::max<std::int64_t>(0, after - kEntriesAPage), "Older entries");
  if (after + kEntriesAPage < size) add(after + kEntriesAPage, "Newer entries");
  if (links.empty()) return {};
  return el("nav", {{"aria-label", "Pages"}}, el("ul", {{"class", "govuk-list ps-paging"}}, links));
}

}  // namespace

Response audit_page(Visit& visit) {
  Html cards;
  for (const LogName& log : kLogs) {
    const auto checkpoint = ask_log(visit, log.name, "audit-checkpoint");
    const Tone tone = !checkpoint                        ? Tone::kAttention
                      : signed_size(*checkpoint).empty() ? Tone::kNeutral
                                                         : Tone::kGood;
    const std::string size = checkpoint ? shown(*checkpoint, "size") + " entries." : "";
    cards += el("li", {{"class", card_class(tone)}},
                el("div", {{"class", "ps-light__head"}},
                   el("h2", {{"class", "govuk-heading-m ps-light__name"}}, log.title), state_of(checkpoint)),
                paragraph(join(log.means, ". ", size)),
                el("p", {{"class", "govuk-body ps-light__action"}}, log_link(log, "", "Read"), " ",
                   log_link(log, "/verify", "Verify now")));
  }
  return page(
      visit, Place::kAudit, "Audit",
      join(paragraph("Each service keeps a log that can only grow. The HSM signs its state every minute, so "
                     "that a later change cannot go unnoticed."),
           el("ul", {{"class", "ps-lights"}}, cards),
           paragraph(link("/audit-pack", "Make a pack for an auditor: signed evidence of a range of days")),
           declarations_line(visit)));
}

Response audit_log_page(Visit& visit) {
  const LogName* log = log_named(visit.segments[0]);
  if (log == nullptr) return apology(visit, 404, "Page not found", "There is no such audit log.");
  const std::string title = "Audit: " + std::string(log->title);
  const auto checkpoint = ask_log(visit, log->name, "audit-checkpoint");
  if (!checkpoint)
    return page(visit, Place::kAudit, title, not_answering("That service", "What it wrote is still there."));
  const std::int64_t size = count_of(*checkpoint, "size");
  const std::int64_t after = page_begin(visit, size);
  const auto answer =
      ask_log(visit, log->name, "audit-entries", {{"after", after}, {"limit", kEntriesAPage}});
  return page(
      visit, Place::kAudit, title,
      join(paragraph(join(state_of(checkpoint), " ", shown(*checkpoint, "size"), " entries. ",
                          log_link(*log, "/verify", "Verify now"))),
           answer ? entries_of(*answer) : not_answering("That service", "What it wrote is still there."),
           paging(*log, after, size), paragraph(link("/audit", "Back to all logs"))));
}

Response audit_verify_page(Visit& visit) {
  const LogName* log = log_named(visit.segments[0]);
  if (log == nullptr) return apology(visit, 404, "Page not found", "There is no such audit log.");
  const auto verdict = ask_log(visit, log->name, "audit-verify");
  Html content;
  if (verdict) {
    content = join(
        success("The log is sound: " + shown(*verdict, "size") + " entries, " +
                shown(*verdict, "checkpoint_size") + " of them under a signed checkpoint."),
        paragraph(
            shown(*verdict, "signatures_checked") == "yes"
                ? "Every entry was hashed again, and the signatures are those of the HSM's audit key."
                : "Every entry was hashed again. Signatures could not be checked, because the audit key was "
                  "not there to check them with."));
  } else if (verdict.error().code == ErrorCode::kInvalid) {
    content = join(problem("The log is not what was written", {verdict.error().message}),
                   paragraph("Keep the appliance as it is, and tell the person who answers for security."));
  } else {
    content = not_answering("That service", "Verify again when it is back.");
  }
  return page(visit, Place::kAudit, "Audit: " + std::string(log->title),
              join(content, paragraph(link("/audit/" + std::string(log->name), "Read the entries")),
                   paragraph(link("/audit", "Back to all logs"))));
}

}  // namespace privyseal::web
