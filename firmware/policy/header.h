/// The header of a mail as fields (RFC 5322 section 2.2), without changing a byte of it.
///
/// Pure and total: every text gives a Header. Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/policy/profile.h"

namespace privyseal::policy {

/// A longer header is refused: ordinary ones have a few KiB.
inline constexpr std::size_t kMaxHeaderBytes = 256UL << 10;

struct Field {
  std::string name;      ///< lower case; empty for a line that is no field
  std::string value;     ///< unfolded, trimmed, encoded words decoded
  std::string_view raw;  ///< all its lines with their CRLF
};

struct Header {
  std::vector<Field> fields;

  /// The first one, or nothing.
  [[nodiscard]] const Field* find(std::string_view lower_name) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view lower_name) const;
  /// As value_as_written().
  [[nodiscard]] std::vector<std::string> values_as_written(std::string_view lower_name) const;
  [[nodiscard]] bool has(const FieldPattern& pattern) const;
  [[nodiscard]] bool has_any(const std::vector<FieldPattern>& patterns) const;
};

/// Where the body begins: behind the first empty line. Nothing: the header has not ended yet. `searched` of
/// the bytes were given before, without an end among them.
[[nodiscard]] std::optional<std::size_t> find_body(std::string_view mail, std::size_t searched);

/// Whether a line of a header whose dots are stuffed begins with a single one. The next reader takes that dot
/// away (RFC 5321 section 4.5.2) and has another line than stands here: another field, or a part of one.
[[nodiscard]] bool has_hidden_line(std::string_view header);

/// `text` is the header with or without its empty line; the fields' `raw` views live as long as it.
[[nodiscard]] Header parse_header(std::string_view text);

/// The value unfolded and trimmed, with its encoded words as they are: of a field that has none by its
/// grammar.
[[nodiscard]] std::string value_as_written(const Field& field);

/// Addresses of a From, To or Cc as they are written: the domains in it, lower case, in their order.
/// Comments, display names and groups are passed over. Nothing: somebody else could read it differently,
/// because a quotation, comment or bracket is not closed or holds no address, or something goes on behind a
/// domain.
[[nodiscard]] std::optional<std::vector<std::string>> domains_in(std::string_view value);

/// Encoded words (RFC 2047) as bytes of their character set; what is none stays as it is.
[[nodiscard]] std::string decode_words(std::string_view value);

}  // namespace privyseal::policy
