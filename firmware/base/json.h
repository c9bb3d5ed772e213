/// JSON as it is spoken on our doors and written by our tools: Boost.JSON behind a few typed getters.
///
/// Objects keep the order of their members, so what is written once is written the same again.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

inline constexpr std::size_t kMaxJsonDepth = 16;

/// One whole JSON object (RFC 8259), UTF-8, nothing before or behind it. Total.
/// kInvalid: anything else, a member named twice, or deeper than kMaxJsonDepth.
[[nodiscard]] Result<JsonObject> parse_json_object(std::string_view text);

/// Without blanks, in the order of the members.
[[nodiscard]] std::string to_text(const JsonObject& object);

// The getters. kInvalid: there is no such member, or it is of another type; the message names it.
// With a fallback a missing member, or null, gives the fallback.
[[nodiscard]] Result<std::string> json_text(const JsonObject& object, std::string_view key);
[[nodiscard]] Result<std::string> json_text(const JsonObject& object, std::string_view key,
                                            std::string_view fallback);
[[nodiscard]] Result<std::int64_t> json_number(const JsonObject& object, std::string_view key);
/// Also kInvalid: outside least..most.
[[nodiscard]] Result<std::int64_t> json_number(const JsonObject& object, std::string_view key,
                                               std::int64_t fallback, std::int64_t least, std::int64_t most);
[[nodiscard]] Result<bool> json_flag(const JsonObject& object, std::string_view key, bool fallback);
[[nodiscard]] Result<std::vector<std::string>> json_texts(const JsonObject& object, std::string_view key);
/// Null when there is no such object or array. Points into `object`.
[[nodiscard]] const JsonObject* json_object(const JsonObject& object, std::string_view key);
[[nodiscard]] const JsonArray* json_array(const JsonObject& object, std::string_view key);

}  // namespace privyseal
