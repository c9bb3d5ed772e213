#include "firmware/base/config_reader.h"

#include "firmware/base/utc_time.h"

namespace privyseal {

std::uint16_t ConfigReader::port(std::string_view key) {
  constexpr std::int64_t kMaxPort = 65535;
  if (!has(key)) refuse(key, "is missing");
  return number<std::uint16_t>(key, 0, 1, kMaxPort);
}

HostPort ConfigReader::listen(std::string_view key) {
  const std::string value = text(key);
  auto parsed = parse_host_port(value);
  if (!parsed || !is_ip_address(parsed->host)) {
    refuse(key, "must be ADDRESS:PORT");
    return {};
  }
  return std::move(*parsed);
}

Day ConfigReader::day(std::string_view key) {
  const auto parsed = parse_day(text(key));
  if (!parsed) refuse(key, "must be a day, as \"2027-03-31\"");
  return parsed.value_or(Day{});
}

WallTime ConfigReader::utc_time(std::string_view key) {
  const auto parsed = parse_utc_time(text(key));
  if (!parsed) refuse(key, "must be a time in UTC, as \"2027-03-31T12:00:00Z\"");
  return parsed.value_or(WallTime{});
}

void ConfigReader::refuse(std::string_view key, std::string_view why) {
  if (!error_) error_ = config_.refusal(key, why);
}

Result<void> ConfigReader::finish() const {
  if (error_) return std::unexpected(*error_);
  return config_.unknown_keys();
}

}  // namespace privyseal
