#include "provisioning/destroy.h"

#include <sys/random.h>

#include <array>
#include <chrono>

#include "firmware/base/base64.h"
#include "firmware/base/clock.h"
#include "firmware/base/file.h"
#include "firmware/base/json.h"
#include "hsm/client.h"
#include "hsm/destruction.h"

namespace privyseal::provisioning {
namespace {

constexpr std::size_t kMaxApprovalBytes = 16 * 1024;

Result<std::string> random_nonce() {
  std::array<std::byte, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return fail_errno("getrandom");
  return to_hex(bytes);
}

/// A new request, good for a day. kInvalid: one of the names is none.
Result<std::string> new_destruction(const std::string& host, const std::string& key, WallTime now) {
  if (!hsm::is_key_name(key)) return fail(ErrorCode::kInvalid, "the key's name is none");
  const auto nonce = random_nonce();
  if (!nonce) return std::unexpected(nonce.error());
  std::string text = to_text(
      hsm::Destruction{.host = host,
                       .key = key,
                       .until = std::chrono::floor<std::chrono::seconds>(now) + hsm::kToCollectApprovals,
                       .nonce = *nonce});
  if (!hsm::parse_destruction(text)) return fail(ErrorCode::kInvalid, "the host's name is none");
  return text;
}

Result<void> request(const Arguments& arguments, std::ostream& out) {
  const auto text = new_destruction(arguments.text("host"), arguments.text("name"), SystemClock().now());
  if (!text) return std::unexpected(text.error());
  out << *text;
  return {};
}

Result<hsm::Approval> read_approval(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos) return fail(ErrorCode::kInvalid, "--approvals: PERSON=FILE, twice");
  const auto content = read_file(argument.substr(equals + 1), kMaxApprovalBytes);
  if (!content) return std::unexpected(content.error());
  return parse_approval(argument.substr(0, equals), text_of(*content));
}

Result<void> destroy(const Arguments& arguments, std::ostream& out) {
  const auto text = read_file(arguments.text("request"), hsm::kMaxDestructionBytes);
  if (!text) return std::unexpected(text.error());
  const auto wanted = hsm::parse_destruction(text_of(*text));
  if (!wanted) return fail(ErrorCode::kInvalid, "--request: " + wanted.error().message);
  const auto& files = arguments.texts("approvals");
  if (files.size() != 2) return fail(ErrorCode::kInvalid, "--approvals: PERSON=FILE, twice");
  std::array<hsm::Approval, 2> approvals;
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto approval = read_approval(files[i]);
    if (!approval) return fail(files[i], approval.error());
    approvals[i] = std::move(*approval);
  }
  hsm::Client keyd(arguments.text("socket"));
  if (auto done = keyd.destroy(wanted->key, text_of(*text), approvals); !done) return done;
  out << "The key '" << wanted->key << "' is no longer on the token. Its name is never given again.\n";
  return {};
}

}  // namespace

Result<hsm::Approval> parse_approval(const std::string& person, std::string_view json) {
  const auto credential = parse_json_object(json);
  if (!credential) return std::unexpected(credential.error());
  const JsonObject* response = json_object(*credential, "response");
  if (response == nullptr) return fail(ErrorCode::kInvalid, "it has no response of a passkey");
  std::array<Bytes, 3> parts;
  constexpr std::array<std::string_view, 3> kNames{"clientDataJSON", "authenticatorData", "signature"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const auto text = json_text(*response, kNames[i]);
    if (!text) return std::unexpected(text.error());
    auto bytes = from_base64url(*text);
    if (!bytes) return fail(ErrorCode::kInvalid, std::string(kNames[i]) + " is not base64url");
    parts[i] = std::move(*bytes);
  }
  return hsm::Approval{.person = person,
                       .authenticator_data = std::move(parts[1]),
                       .client_data = std::string(text_of(parts[0])),
                       .signature = std::move(parts[2])};
}

Command destroy_request_command() {
  return {
      .name = "destroy-request",
      .summary = "write the text that two persons approve, within a day, so that a retired key is destroyed",
      .options = {{.name = "name", .value = "NAME", .help = "the retired key's name"},
                  {.name = "host", .value = "HOST", .help = "this appliance, as in keyd's audit log"}},
      .run = request};
}

Command destroy_command() {
  return {.name = "destroy",
          .summary = "take a retired key off the token, with the approvals of two persons",
          .options = {socket_option(),
                      {.name = "request", .value = "FILE", .help = "what destroy-request has written"},
                      {.name = "approvals",
                       .value = "PERSON=FILE",
                       .help = "two: passkeys' answers (JSON) to the SHA-256 of the request as the challenge",
                       .kind = Option::Kind::kRepeated}},
          .run = destroy};
}

}  // namespace privyseal::provisioning
