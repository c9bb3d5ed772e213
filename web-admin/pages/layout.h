/// What every page stands in: header, navigation, the banner of the test token; and the pieces pages are made
/// of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web-admin/server/visit.h"

namespace privyseal::web {

/// Which entry of the navigation the page belongs to.
enum class Place { kNone, kDashboard, kMail, kLine, kRules, kCertificates, kKeys, kAudit, kUsers };

/// The whole document. `heading` is also the title.
[[nodiscard]] Response page(const Visit& visit, Place place, std::string_view heading, const Html& content,
                            Status status = 200);

/// A page that says why there is no other.
[[nodiscard]] Response apology(Visit& visit, Status status, std::string_view title, std::string_view text);

// --- pieces ---

[[nodiscard]] Html paragraph(const Html& content);
[[nodiscard]] Html heading(std::string_view text, std::string_view id = {});
[[nodiscard]] Html link(const std::string& path, const Html& content);
[[nodiscard]] Html inset(const Html& content);
/// "There is a problem": what went wrong, each in a sentence. Stands at the top of a page.
[[nodiscard]] Html problem(std::string_view title, const std::vector<std::string>& reasons);
/// What stays wrong until somebody does something about it.
[[nodiscard]] Html warning(std::string_view text);
/// "Done": what an act has led to.
[[nodiscard]] Html success(std::string_view text);

enum class Tone { kGood, kNeutral, kAttention, kBad };
/// A coloured word; the word alone must say it.
[[nodiscard]] Html tag(Tone tone, std::string_view word);

/// The class of a card whose upper edge shows the tone.
[[nodiscard]] std::string card_class(Tone tone);

/// An address, a name from outside: it may be broken anywhere.
[[nodiscard]] Html long_text(std::string_view text);

struct Row {
  std::string key;
  Html value;
};
[[nodiscard]] Html summary(const std::vector<Row>& rows);

struct Table {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<std::vector<Html>> rows;
  bool is_caption_hidden = false;
};
/// Narrow screens show each row as a small list, with the column's name before each cell.
[[nodiscard]] Html table(const Table& table);

/// A form that posts to `path`, with the visitor's token in it.
[[nodiscard]] Html form(const Visit& visit, const std::string& path, const Html& content);
[[nodiscard]] Html form_with_file(const Visit& visit, const std::string& path, const Html& content);
enum class ButtonKind { kMain, kSecondary, kWarning };
[[nodiscard]] Html button(std::string_view text, ButtonKind kind = ButtonKind::kMain);
/// One act, one button. `text` says exactly what happens.
[[nodiscard]] Html act_button(const Visit& visit, const std::string& path, std::string_view text,
                              ButtonKind kind = ButtonKind::kMain);

/// Brings the page's passkey button or file to life (assets/console.js).
[[nodiscard]] Html script();

struct Input {
  std::string name;
  std::string label;
  std::string hint = {};
  std::string value = {};
  std::string type = "text";
  std::string autocomplete = "off";
  bool is_wide = false;
  std::string id = {};  ///< empty: the name, which then no other field of the page has
};
[[nodiscard]] Html input(const Input& input);
struct FileInput {
  std::string label;
  std::string hint;
  bool is_sent = true;  ///< in the form, as the field "file"; otherwise the script takes it
};
[[nodiscard]] Html file_input(const FileInput& input);

struct Reason {
  std::string value = {};
  std::string hint = "Stands in the audit logs with your name.";
  std::string id = "why";  ///< as of Input
};
/// Why the visitor does it: the field "why".
[[nodiscard]] Html reason_input(const Reason& reason);
/// For what an authority sent: the field "pem".
[[nodiscard]] Html pem_input(std::string_view label);
struct TextArea {
  std::string name;
  std::string label;
  std::string hint;
  std::string value = {};
};
[[nodiscard]] Html text_area(const TextArea& area);
struct Select {
  std::string name;
  std::string label;
  Html options;
  bool has_long_options = true;
  std::string id = {};  ///< as of Input
};
[[nodiscard]] Html select(const Select& select);

/// "22 November 2026 at 07:30 UTC"; what is no RFC 3339 time stays as it is, and nothing becomes "not known".
[[nodiscard]] std::string friendly_time(std::string_view rfc3339);
/// Seconds since 1970; none: it is no RFC 3339 time in UTC.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_time(std::string_view rfc3339);
inline constexpr std::string_view kGatewayIsAway =
    "The mail gateway is not answering just now, or it cannot write.";
/// Why a daemon could not be asked, as a sentence.
[[nodiscard]] Html not_answering(std::string_view who, std::string_view consequence);

/// A member of a door's answer for showing: texts, numbers and flags as text; empty when it is not there.
[[nodiscard]] std::string shown(const JsonObject& object, std::string_view key);
[[nodiscard]] std::int64_t count_of(const JsonObject& object, std::string_view key);

}  // namespace privyseal::web
