#include "provisioning/evidence/reading.h"

#include "provisioning/evidence/text.h"

namespace privyseal::evidence {
namespace {

std::string text_of_value(const Json& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  std::string list;
  if (const JsonArray* values = value.if_array())
    for (const Json& item : *values) list += (list.empty() ? "" : ", ") + text_of_value(item);
  return list;
}

}  // namespace

std::string shown(const JsonObject& object, std::string_view key) {
  const Json* value = object.if_contains(key);
  return value == nullptr ? std::string() : text_of_value(*value);
}

std::string shown_time(const JsonObject& object, std::string_view key) { return london(shown(object, key)); }

std::optional<std::int64_t> number_at(const JsonObject& object, std::string_view key) {
  const auto number = json_number(object, key);
  if (!number) return std::nullopt;
  return *number;
}

std::uint64_t count_at(const JsonObject& object, std::string_view key) {
  const auto number = number_at(object, key);
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

const JsonObject& object_at(const JsonObject& object, std::string_view key) {
  static const JsonObject kNone;
  const JsonObject* found = json_object(object, key);
  return found == nullptr ? kNone : *found;
}

std::vector<const JsonObject*> objects_at(const JsonObject& object, std::string_view key) {
  std::vector<const JsonObject*> objects;
  if (const JsonArray* values = json_array(object, key))
    for (const Json& value : *values)
      if (const JsonObject* item = value.if_object()) objects.push_back(item);
  return objects;
}

std::vector<std::string> texts_at(const JsonObject& object, std::string_view key) {
  return json_texts(object, key).value_or(std::vector<std::string>{});
}

}  // namespace privyseal::evidence
