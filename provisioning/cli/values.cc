#include "provisioning/cli/values.h"

#include <charconv>
#include <format>

#include "provisioning/cli/text.h"

namespace privyseal::cli {

using provisioning::Arguments;

Result<std::optional<std::int64_t>> number_option(const Arguments& arguments, const std::string& name,
                                                  std::int64_t most) {
  if (!arguments.has(name)) return std::nullopt;
  const std::string& text = arguments.text(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > most)
    return fail(ErrorCode::kInvalid, std::format("--{} must be a whole number from 1 to {}", name, most));
  return number;
}

Result<std::optional<WallTime>> time_option(const Arguments& arguments, const std::string& name) {
  if (!arguments.has(name)) return std::nullopt;
  const auto time = parse_date_or_time(arguments.text(name));
  if (!time)
    return fail(ErrorCode::kInvalid,
                std::format("--{} must be a day (2026-03-01) or a UTC time (2026-03-01T09:00:00Z)", name));
  return time;
}

Result<void> add_number(JsonObject& request, std::string_view key, const Arguments& arguments,
                        const std::string& name, std::int64_t most) {
  const auto number = number_option(arguments, name, most);
  if (!number) return std::unexpected(number.error());
  if (*number) request[key] = **number;
  return {};
}

Result<void> add_time(JsonObject& request, std::string_view key, const Arguments& arguments,
                      const std::string& name) {
  const auto time = time_option(arguments, name);
  if (!time) return std::unexpected(time.error());
  if (*time) request[key] = to_rfc3339(**time);
  return {};
}

}  // namespace privyseal::cli
