#include "provisioning/box/chosen_file.h"

#include <format>

#include "firmware/base/config.h"
#include "firmware/base/file.h"

namespace privyseal::provisioning {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostSettingsBytes = 64 * 1024;
constexpr std::size_t kMostRefusalBytes = 4096;

Result<ChosenFile> chosen(const fs::path& verified, const std::string& place, std::string of_disk) {
  auto site = Config::load(verified / (place + ".toml")).and_then(read_site);
  if (!site) return std::unexpected(site.error());
  return ChosenFile{
      .site = std::move(*site), .bundle = verified / (place + ".bundle"), .of_disk = std::move(of_disk)};
}

/// Why the verifier refused the disk; empty: it did not.
std::string refusal_of_disk(const fs::path& verified) {
  const auto bytes = read_file(verified / "disk.refusal", kMostRefusalBytes);
  if (!bytes) return "";
  const std::string_view text = text_of(*bytes);
  return std::string(text.substr(0, text.find('\n')));
}

Result<bool> is_same(const fs::path& one, const fs::path& other) {
  const auto first = read_file(one, kMostSettingsBytes);
  const auto second = read_file(other, kMostSettingsBytes);
  if (!first || !second) return std::unexpected(first ? second.error() : first.error());
  return *first == *second;
}

Result<ChosenFile> choose_of_two(const fs::path& verified) {
  const auto goes_on = [&](const std::string& why) { return chosen(verified, "kept", why); };
  const auto same = is_same(verified / "kept.toml", verified / "disk.toml");
  if (!same) return std::unexpected(same.error());
  if (*same) return goes_on("");
  const auto kept = Config::load(verified / "kept.toml").and_then(read_serial);
  if (!kept) return std::unexpected(kept.error());
  const auto serial = Config::load(verified / "disk.toml").and_then(read_serial);
  if (!serial) return goes_on("refused, the box goes on as before: " + serial.error().message);
  if (*serial <= *kept)
    return goes_on(std::format("not used: its serial {} is not higher than {}, that of the file in use",
                               *serial, *kept));
  auto newer = chosen(verified, "disk",
                      std::format("used from now on: its serial {} is higher than {}", *serial, *kept));
  if (!newer) return goes_on("refused, the box goes on as before: " + newer.error().message);
  return newer;
}

}  // namespace

Result<ChosenFile> choose_file(const fs::path& verified) {
  std::error_code error;
  const bool has_kept = fs::exists(verified / "kept.toml", error);
  if (error) return fail(ErrorCode::kUnavailable, "the kept file: " + error.message());
  const bool has_disk = fs::exists(verified / "disk.toml", error);
  if (error) return fail(ErrorCode::kUnavailable, "the disk's file: " + error.message());
  if (has_kept && has_disk) return choose_of_two(verified);
  if (has_disk) return chosen(verified, "disk", "");
  if (!has_kept) return fail(ErrorCode::kNotFound, "no provisioning file has passed");
  const std::string refusal = refusal_of_disk(verified);
  return chosen(verified, "kept", refusal.empty() ? "" : "refused, the box goes on as before: " + refusal);
}

}  // namespace privyseal::provisioning
