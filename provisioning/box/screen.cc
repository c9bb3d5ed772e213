#include "provisioning/box/screen.h"

#include <chrono>
#include <format>
#include <thread>

#include "firmware/base/file.h"
#include "hsm/client.h"
#include "provisioning/box/console_line.h"

namespace privyseal::provisioning {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLookEvery{2};
constexpr std::chrono::seconds kKeydDeadline{5};

/// The file's first line; empty: it is not there.
std::string line_of(const fs::path& file) {
  constexpr std::size_t kMostBytes = 4096;
  const auto bytes = read_file(file, kMostBytes);
  if (!bytes) return "";
  const std::string_view text = text_of(*bytes);
  return std::string(text.substr(0, text.find('\n')));
}

std::string provisioning_line(const fs::path& root) {
  if (const std::string name = line_of(root / "run/privyseal/provisioned"); !name.empty())
    return "yes, as " + name;
  for (const auto* file : {"run/privyseal-verify/refusal", "run/privyseal/refusal"})
    if (const std::string why = line_of(root / file); !why.empty()) return "NO: " + why;
  return "not yet";
}

/// A line of its own only when there is something to tell.
std::string setup_disk_line(const fs::path& root) {
  const std::string what = line_of(root / "run/privyseal/setup-disk");
  return what.empty() ? "" : "  setup disk   " + what + "\n";
}

std::string keys_line(const fs::path& root) {
  hsm::Client keyd((root / "run/privyseal-keyd/socket").string(), kKeydDeadline);
  const auto is_ready = keyd.health();
  if (!is_ready) return "no: the key daemon does not answer";
  return *is_ready ? "the key daemon answers and can sign" : "NO: the key daemon cannot sign";
}

std::string mail_line(const fs::path& root) {
  std::error_code error;
  for (const auto* side : {"lan", "cjsm"}) {
    if (!fs::exists(root / "var/lib/privyseal-renewd/identities" / side / "active", error))
      return std::format("no: waits for the certificate of the {} side", side);
  }
  if (!fs::exists(root / "run/privyseal-gateway/status", error)) return "no: the gateway has not started";
  return "the gateway listens on both sides";
}

/// The appliance's own CA, as its console hands it out: two lines, so that they fit a terminal of 80 columns.
std::string own_ca_lines(const fs::path& root) {
  constexpr std::size_t kLength = 79;  // 64 digits in groups of four
  const std::string fingerprint = line_of(root / "var/lib/privyseal-renewd/authority/fingerprint");
  if (fingerprint.empty()) return "not made yet";
  // A captured renewd must not draw on this terminal.
  if (fingerprint.size() != kLength ||
      fingerprint.find_first_not_of("0123456789ABCDEF ") != std::string::npos)
    return "NO: its fingerprint is none";
  constexpr std::size_t kHalf = kLength / 2;
  return std::format("SHA-256 {}\n{:23}{}", fingerprint.substr(0, kHalf), "", fingerprint.substr(kHalf + 1));
}

Result<void> run(const Arguments& arguments, std::ostream& out) {
  const fs::path root = arguments.has("root") ? arguments.text("root") : "/";
  ConsoleLine console(root / "run/privyseal-console/door");
  std::string shown;
  while (out) {
    if (std::string text = screen_text(root, console.text(std::chrono::steady_clock::now())); text != shown) {
      out << "\n" << text << std::flush;
      shown = std::move(text);
    }
    if (arguments.has("once")) return {};
    std::this_thread::sleep_for(kLookEvery);
  }
  return fail(ErrorCode::kClosed, "the console went away");
}

}  // namespace

std::string screen_text(const fs::path& root, std::string_view console) {
  return std::format(
      "Privyseal (lab image: its keys lie in a file token; nobody can log in here)\n"
      "  provisioned  {}\n{}  keys         {}\n  own CA       {}\n  mail         {}\n"
      "  console      {}\n",
      provisioning_line(root), setup_disk_line(root), keys_line(root), own_ca_lines(root), mail_line(root),
      console);
}

Command screen_command() {
  return {.name = "screen",
          .summary = "show on this terminal how the box is, again whenever that changes",
          .options = {{.name = "once", .value = "", .help = "only now", .kind = Option::Kind::kFlag},
                      {.name = "root",
                       .value = "PATH",
                       .help = "look below this folder",
                       .kind = Option::Kind::kOptional}},
          .run = run};
}

}  // namespace privyseal::provisioning
