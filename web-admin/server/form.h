/// What a browser sends in a query or a form, taken apart.
///
/// Pure and total; strict, because nothing of ours sends anything odd: a name that stands twice, a broken
/// escape, bytes that are no UTF-8 or a control byte refuse the whole.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/base/result.h"

namespace privyseal::web {

inline constexpr std::size_t kMaxFields = 32;

class Fields {
 public:
  /// Empty when it was not sent; surrounding blanks are taken off.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  /// False: it stands already, there are too many, or it is not clean text.
  [[nodiscard]] bool add(std::string name, std::string value);

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// application/x-www-form-urlencoded, as in queries and forms. kInvalid.
[[nodiscard]] Result<Fields> parse_urlencoded(std::string_view text);

/// multipart/form-data (RFC 7578) with the boundary that `content_type` names. A part that names a file is a
/// field like any other; the file's name is not kept. kInvalid.
[[nodiscard]] Result<Fields> parse_multipart(std::string_view content_type, std::string_view body);

/// For a query: everything but [A-Za-z0-9._~-] is escaped.
[[nodiscard]] std::string url_escaped(std::string_view text);

}  // namespace privyseal::web
