#include "firmware/base/json.h"

#include <set>

namespace privyseal {
namespace {

std::unexpected<Error> fail_member(std::string_view key, std::string_view why) {
  return fail(ErrorCode::kInvalid, "member \"" + std::string(key) + "\": " + std::string(why));
}

/// Null: there is no such member, or it is null.
const Json* member(const JsonObject& object, std::string_view key) {
  const Json* found = object.if_contains(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

Result<std::int64_t> number_of(const Json& value, std::string_view key) {
  boost::system::error_code no_number;
  const auto number = value.to_number<std::int64_t>(no_number);
  if (no_number || value.is_double()) return fail_member(key, "must be a whole number");
  return number;
}

/// Boost.JSON keeps the last of two members of one name; two readers might then see two meanings.
class UniqueMembers {
 public:
  static constexpr std::size_t max_object_size = 100'000;
  static constexpr std::size_t max_array_size = 100'000;
  static constexpr std::size_t max_key_size = 1024;
  static constexpr std::size_t max_string_size = 1 << 20;

  bool has_double = false;

  bool on_object_begin(boost::system::error_code&) { return names_.emplace_back(), true; }
  bool on_object_end(std::size_t, boost::system::error_code&) { return names_.pop_back(), true; }
  bool on_key_part(std::string_view part, std::size_t, boost::system::error_code&) {
    return key_.append(part), true;
  }
  bool on_key(std::string_view part, std::size_t, boost::system::error_code&) {
    key_.append(part);
    if (!names_.back().insert(std::move(key_)).second) has_double = true;
    key_.clear();
    return true;
  }
  bool on_document_begin(boost::system::error_code&) { return true; }
  bool on_document_end(boost::system::error_code&) { return true; }
  bool on_array_begin(boost::system::error_code&) { return true; }
  bool on_array_end(std::size_t, boost::system::error_code&) { return true; }
  bool on_string_part(std::string_view, std::size_t, boost::system::error_code&) { return true; }
  bool on_string(std::string_view, std::size_t, boost::system::error_code&) { return true; }
  bool on_number_part(std::string_view, boost::system::error_code&) { return true; }
  bool on_int64(std::int64_t, std::string_view, boost::system::error_code&) { return true; }
  bool on_uint64(std::uint64_t, std::string_view, boost::system::error_code&) { return true; }
  bool on_double(double, std::string_view, boost::system::error_code&) { return true; }
  bool on_bool(bool, boost::system::error_code&) { return true; }
  bool on_null(boost::system::error_code&) { return true; }
  bool on_comment_part(std::string_view, boost::system::error_code&) { return true; }
  bool on_comment(std::string_view, boost::system::error_code&) { return true; }

 private:
  std::vector<std::set<std::string>> names_;
  std::string key_;
};

bool names_twice(std::string_view text, const boost::json::parse_options& options) {
  boost::json::basic_parser<UniqueMembers> parser(options);
  boost::system::error_code error;
  parser.write_some(false, text.data(), text.size(), error);
  return error || parser.handler().has_double;
}

}  // namespace

Result<JsonObject> parse_json_object(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::system::error_code error;
  Json value = boost::json::parse(text, error, {}, options);
  if (error) return fail(ErrorCode::kInvalid, "JSON: " + error.message());
  if (!value.is_object()) return fail(ErrorCode::kInvalid, "JSON: must be an object");
  if (names_twice(text, options)) return fail(ErrorCode::kInvalid, "JSON: a member stands there twice");
  return std::move(value.as_object());
}

std::string to_text(const JsonObject& object) { return boost::json::serialize(object); }

Result<std::string> json_text(const JsonObject& object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr) return fail_member(key, "is missing");
  if (!value->is_string()) return fail_member(key, "must be a text");
  return std::string(value->get_string());
}

Result<std::string> json_text(const JsonObject& object, std::string_view key, std::string_view fallback) {
  if (member(object, key) == nullptr) return std::string(fallback);
  return json_text(object, key);
}

Result<std::int64_t> json_number(const JsonObject& object, std::string_view key) {
  const Json* value = member(object, key);
  if (value == nullptr) return fail_member(key, "is missing");
  return number_of(*value, key);
}

Result<std::int64_t> json_number(const JsonObject& object, std::string_view key, std::int64_t fallback,
                                 std::int64_t least, std::int64_t most) {
  const Json* value = member(object, key);
  if (value == nullptr) return fallback;
  const auto number = number_of(*value, key);
  if (number && (*number < least || *number > most))
    return fail_member(key, "must be from " + std::to_string(least) + " to " + std::to_string(most));
  return number;
}

Result<bool> json_flag(const JsonObject& object, std::string_view key, bool fallback) {
  const Json* value = member(object, key);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) return fail_member(key, "must be true or false");
  return value->get_bool();
}

Result<std::vector<std::string>> json_texts(const JsonObject& object, std::string_view key) {
  const JsonArray* array = json_array(object, key);
  if (array == nullptr) return fail_member(key, "must be a list of texts");
  std::vector<std::string> texts;
  for (const Json& value : *array) {
    if (!value.is_string()) return fail_member(key, "must be a list of texts");
    texts.emplace_back(value.get_string());
  }
  return texts;
}

const JsonObject* json_object(const JsonObject& object, std::string_view key) {
  const Json* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

const JsonArray* json_array(const JsonObject& object, std::string_view key) {
  const Json* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace privyseal
