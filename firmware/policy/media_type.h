/// The value of a Content-Type or Content-Disposition field (RFC 2045 section 5.1, RFC 2183), taken apart.
///
/// Stricter than mail programs are: what two of them could read differently has no MediaType. So have
/// comments, values outside of the grammar, a parameter that stands there twice, and very many of them.
///
/// Pure and total. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace privyseal::policy {

struct MediaType {
  struct Parameter {
    std::string name;  ///< lower case; of a value in pieces (RFC 2231) with its stars: "filename*0*"
    std::string value;
  };
  std::string name;  ///< lower case: "text/plain", "attachment"
  std::vector<Parameter> parameters;

  /// Null: there is none of this name.
  [[nodiscard]] const std::string* find(std::string_view lower_name) const;
  /// Whether there is one of this name, whole or in pieces.
  [[nodiscard]] bool has(std::string_view lower_name) const;
};

/// `value` is unfolded.
[[nodiscard]] std::optional<MediaType> parse_media_type(std::string_view value);

}  // namespace privyseal::policy
