#include "provisioning/cli/mail.h"

#include <algorithm>
#include <array>
#include <format>
#include <limits>

#include "provisioning/cli/reading.h"
#include "provisioning/cli/table.h"
#include "provisioning/cli/text.h"
#include "provisioning/cli/values.h"

namespace privyseal::cli {
namespace {

using Kind = Option::Kind;

constexpr std::string_view kLondon = "Times are Europe/London.\n";

constexpr std::int64_t kMostMinutes = 24 * 60;
constexpr std::int64_t kMostMails = 100;  // what gatewayd gives in one answer
constexpr std::int64_t kAnyId = std::numeric_limits<std::int64_t>::max();

Result<JsonObject> flow_request(const Arguments& arguments) {
  JsonObject request{{"op", "mail-flow"}, {"minutes", 60}};
  if (auto added = add_number(request, "minutes", arguments, "minutes", kMostMinutes); !added)
    return std::unexpected(added.error());
  return request;
}

Result<JsonObject> find_request(const Arguments& arguments) {
  JsonObject request{{"op", "mail-find"}, {"limit", 20}};
  for (const std::string name : {"text", "outcome"})
    if (arguments.has(name)) request[name] = arguments.text(name);
  for (auto added : {add_time(request, "from", arguments, "from"), add_time(request, "to", arguments, "to"),
                     add_number(request, "before_id", arguments, "before", kAnyId),
                     add_number(request, "limit", arguments, "limit", kMostMails)})
    if (!added) return std::unexpected(added.error());
  return request;
}

Result<JsonObject> partners_request(const Arguments& arguments) {
  JsonObject request{{"op", "mail-partners"}};
  if (auto added = add_time(request, "from", arguments, "from"); !added)
    return std::unexpected(added.error());
  return request;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> check_track(const Arguments& arguments) {
  if (is_number(arguments.text("id")))
    return number_option(arguments, "id", kAnyId).transform([](const auto&) {});
  if (arguments.text("id").empty()) return fail(ErrorCode::kInvalid, "--id must not be empty");
  return {};
}

Result<Report> track_one(std::int64_t id, Surroundings& at) {
  auto answer = at.appliance.ask(Daemon::kGatewayd, {{"op", "mail-track"}, {"id", id}});
  if (!answer) return std::unexpected(answer.error());
  std::string text = mail_track_text(*answer);
  return Report{.json = std::move(*answer), .text = std::move(text)};
}

/// The mail with this id; or the only one that a text finds, or the list of them.
Result<Report> track(const Arguments& arguments, Surroundings& at) {
  const std::string& wanted = arguments.text("id");
  if (const auto id = is_number(wanted) ? number_option(arguments, "id", kAnyId) : std::nullopt; id && *id)
    return track_one(**id, at);
  auto found = at.appliance.ask(Daemon::kGatewayd, {{"op", "mail-find"}, {"text", wanted}, {"limit", 20}});
  if (!found) return std::unexpected(found.error());
  const auto mails = objects_at(*found, "mails");
  if (mails.empty())
    return fail(ErrorCode::kNotFound,
                std::format("no mail has '{}'; an address or how it begins, a domain, a "
                            "Message-ID or a session id finds one",
                            wanted));
  if (mails.size() == 1) return track_one(number_at(*mails.front(), "id").value_or(0), at);
  std::string text = std::format("{} mails match. Which one?\n\n{}", mails.size(), mail_find_text(*found));
  return Report{.json = std::move(*found), .text = std::move(text), .status = ExitStatus::kFailed};
}

std::string way(const JsonObject& mail) {
  const std::string direction = shown(mail, "direction");
  if (direction == "out") return "to CJSM";
  if (direction == "in") return "from CJSM";
  return direction;
}

/// The null reverse-path of a delivery notice is "<>".
std::string sender_of(const JsonObject& mail) {
  std::string sender = shown(mail, "sender");
  return sender.empty() ? "<>" : sender;
}

/// How many recipients there are; a door may list fewer than that.
std::uint64_t recipient_count(const JsonObject& mail) {
  return std::max<std::uint64_t>(count_at(mail, "recipient_count"), texts_at(mail, "recipients").size());
}

std::string first_recipient(const JsonObject& mail) {
  const auto recipients = texts_at(mail, "recipients");
  if (recipients.empty()) return {};
  const std::uint64_t others = recipient_count(mail) - 1;
  return recipients.front() + (others > 0 ? std::format(" and {}", counted(others, "other")) : "");
}

void add_recipients(Fields& fields, const JsonObject& mail) {
  const auto recipients = texts_at(mail, "recipients");
  for (std::size_t i = 0; i < recipients.size(); ++i) fields.add(i == 0 ? "to" : "", recipients[i]);
  if (const std::uint64_t count = recipient_count(mail); count > recipients.size())
    fields.add("", std::format("and {} not listed here", counted(count - recipients.size(), "other")));
}

/// "TLSv1.3, X25519, TLS_AES_256_GCM_SHA384, a new handshake".
std::string tls_text(const JsonObject& facts) {
  if (shown(facts, "version") == "none") return "none: it came in clear, as an exception allows";
  std::string text;
  for (const char* key : {"version", "group", "suite"})
    if (const std::string value = shown(facts, key); !value.empty())
      text += (text.empty() ? "" : ", ") + value;
  if (const std::string resumed = shown(facts, "resumed"); !resumed.empty() && !text.empty())
    text += resumed == "yes" || resumed == "1" ? ", RESUMED" : ", a new handshake";
  return text;
}

/// "connection 12 ms, record 1 ms": what is known of it.
std::string took_text(const JsonObject& took) {
  constexpr std::array kParts{std::pair{"connect_ms", "connection"}, std::pair{"record_ms", "record"},
                              std::pair{"body_ms", "body"}, std::pair{"verdict_ms", "next hop's answer"}};
  std::string text;
  for (const auto& [key, part] : kParts)
    if (const auto ms = number_at(took, key))
      text += std::format("{}{} {} ms", text.empty() ? "" : ", ", part, *ms);
  return text;
}

void add_session(Fields& fields, const std::string& side, const JsonObject& facts) {
  fields.add(side, tls_text(facts));
  if (const std::string subject = shown(facts, "peer_subject"); !subject.empty())
    fields.add("", std::format("peer {}, serial {}, from {}", subject, shown(facts, "peer_serial"),
                               shown(facts, "peer_issuer")));
  if (const std::string session = shown(facts, "session_id"); !session.empty())
    fields.add(
        "", std::format("session {}{}", session,
                        number_at(facts, "signatures").value_or(0) == 1 ? ", 1 signature by our key" : ""));
}

/// How new the TLS of a period was, on both sides; empty: no mail had a session.
std::string tls_share_text(const JsonObject& tls) {
  std::string text;
  for (const auto& [side, name] : {std::pair{"cjsm", "Towards CJSM"}, {"lan", "Inside"}}) {
    const JsonObject& share = object_at(tls, side);
    if (count_at(share, "mails") == 0) continue;
    text += std::format("{}: of {}, {} over TLS 1.3, {} with a hybrid key exchange (X25519MLKEM768).\n", name,
                        counted(count_at(share, "mails"), "mail"), count_at(share, "tls13"),
                        count_at(share, "hybrid"));
  }
  return text;
}

}  // namespace

std::string mail_flow_text(const JsonObject& answer) {
  using Align = Table::Align;
  Table table(
      {"MINUTE", {"DELIVERED", Align::kRight}, {"REFUSED", Align::kRight}, {"DEFERRED", Align::kRight}});
  std::uint64_t delivered = 0;
  std::uint64_t refused = 0;
  std::uint64_t deferred = 0;
  const auto minutes = objects_at(answer, "minutes");
  for (const JsonObject* minute : minutes) {
    delivered += count_at(*minute, "delivered");
    refused += count_at(*minute, "refused");
    deferred += count_at(*minute, "deferred");
    if (count_at(*minute, "delivered") + count_at(*minute, "refused") + count_at(*minute, "deferred") == 0)
      continue;
    table.add({shown_time(*minute, "at"), shown(*minute, "delivered"), shown(*minute, "refused"),
               shown(*minute, "deferred")});
  }
  return table.text("No mail was handled.") + tls_share_text(object_at(answer, "tls")) +
         std::format("\n{} delivered, {} refused, {} deferred in {}; minutes without mail are left out. {}",
                     delivered, refused, deferred, counted(minutes.size(), "minute"), kLondon);
}

std::string mail_partners_text(const JsonObject& answer) {
  Table table({"DOMAIN", {"MAILS", Table::Align::kRight}, "LAST ON"});
  const auto partners = objects_at(answer, "partners");
  for (const JsonObject* partner : partners)
    table.add({shown(*partner, "domain"), shown(*partner, "mails"), shown(*partner, "last_day")});
  std::string text = table.text("No mail was handled.");
  if (partners.empty()) return text;
  text += "\nWhat was refused or deferred counts, too. Days are of UTC.\n";
  if (json_flag(answer, "more", false).value_or(false))
    text += "Domains with fewer mails than these are left out.\n";
  return text;
}

std::string mail_find_text(const JsonObject& answer) {
  Table table({{"ID", Table::Align::kRight},
               "WHEN",
               "WAY",
               "FROM",
               "TO",
               {"BYTES", Table::Align::kRight},
               "OUTCOME"});
  const auto mails = objects_at(answer, "mails");
  for (const JsonObject* mail : mails)
    table.add({shown(*mail, "id"), shown_time(*mail, "opened_at"), way(*mail), sender_of(*mail),
               first_recipient(*mail), shown(*mail, "size"), shown(*mail, "outcome")});
  std::string text = table.text("No mail matches.");
  if (mails.empty()) return text;
  text += std::format("\nNewest first. {}The whole way of one: privyseal mail track ID\n", kLondon);
  if (json_flag(answer, "more", false).value_or(false))
    text += std::format("There are more: --before {}\n", escaped(shown(*mails.back(), "id")));
  return text;
}

std::string mail_track_text(const JsonObject& answer) {
  const JsonObject& mail = object_at(answer, "mail");
  Fields fields;
  fields.add("mail", shown(mail, "id") + ", " + way(mail));
  fields.add("from", sender_of(mail));
  add_recipients(fields, mail);
  fields.add("message id", shown(mail, "message_id"));
  fields.add("bytes", shown(mail, "size"));
  fields.add("came from", shown(mail, "client_address"));
  fields.add("went to", shown(mail, "hop"));
  fields.add("opened", shown_time(mail, "opened_at"));
  fields.add("closed", shown_time(mail, "closed_at"));
  fields.add("outcome", shown(mail, "outcome"));
  fields.add("reply", shown(mail, "reply"));
  fields.add("marking", shown(mail, "marking"));
  fields.add("rules", shown(mail, "verdict"));
  fields.add("took", took_text(object_at(mail, "took")));
  add_session(fields, "TLS to us", object_at(mail, "client_tls"));
  add_session(fields, "TLS onwards", object_at(mail, "hop_tls"));
  Table timeline({"", ""});
  for (const JsonObject* step : objects_at(answer, "timeline"))
    timeline.add({shown_time(*step, "at"), shown(*step, "text")});
  return fields.text() + "\n" + timeline.text("Nothing more is recorded.") + "\n" + std::string(kLondon);
}

std::vector<Command> mail_commands() {
  return {
      {.words = "mail flow",
       .summary = "mails a minute",
       .bare = {},
       .options = {{.name = "minutes", .value = "N", .help = "how far back; 60", .kind = Kind::kOptional}},
       .what = Question{Daemon::kGatewayd, flow_request, mail_flow_text}},
      {.words = "mail partners",
       .summary = "the domains that mail is exchanged with, most mails first",
       .bare = {},
       .options = {{.name = "from", .value = "DATE", .help = "not before this day", .kind = Kind::kOptional}},
       .what = Question{Daemon::kGatewayd, partners_request, mail_partners_text}},
      {.words = "mail find",
       .summary = "mails, newest first",
       .bare = {"text"},
       .options =
           {{.name = "text",
             .value = "TEXT",
             .help = "an address or how it begins, a domain, a Message-ID, a session id",
             .kind = Kind::kOptional},
            {.name = "from", .value = "DATE", .help = "not before this day", .kind = Kind::kOptional},
            {.name = "to", .value = "DATE", .help = "before this day", .kind = Kind::kOptional},
            {.name = "outcome",
             .value = "OUTCOME",
             .help = "delivered|deferred|refused|aborted|unknown|open",
             .kind = Kind::kOptional,
             .choices = {"delivered", "repeated", "deferred", "refused", "aborted", "unknown", "open"}},
            {.name = "before", .value = "ID", .help = "only older ones", .kind = Kind::kOptional},
            {.name = "limit", .value = "N", .help = "how many, at most 100; 20", .kind = Kind::kOptional}},
       .what = Question{Daemon::kGatewayd, find_request, mail_find_text}},
      {.words = "mail track",
       .summary = "one mail's whole way",
       .bare = {"id"},
       .options = {{.name = "id",
                    .value = "ID|TEXT",
                    .help = "as mail find shows it, or what finds one: an address, a Message-ID"}},
       .what = Task{check_track, track}},
  };
}

}  // namespace privyseal::cli
