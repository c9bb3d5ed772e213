#include "hsm/keyd/approval.h"

#include <algorithm>
#include <format>

#include "firmware/base/base64.h"
#include "firmware/base/sha256.h"
#include "hsm/approvers.h"

namespace privyseal::keyd {
namespace {

constexpr std::size_t kShortestAuthenticatorData = 37;  // hash of the site, flags, counter
constexpr std::size_t kFlagsAt = 32;
constexpr std::byte kUserPresent{0x01};
constexpr std::byte kUserVerified{0x04};

std::unexpected<Error> denied(std::string why) { return fail(ErrorCode::kDenied, std::move(why)); }

/// Begins as a browser of one of the origins writes it, up to the end of a member.
bool is_client_data(const ApprovalRules& rules, std::string_view challenge, std::string_view json) {
  return std::ranges::any_of(rules.origins, [&](const std::string& origin) {
    const std::string begin = std::format(
        R"({{"type":"webauthn.get","challenge":"{}","origin":"{}","crossOrigin":false)", challenge, origin);
    return json.starts_with(begin) && json.size() > begin.size() &&
           (json[begin.size()] == '}' || json[begin.size()] == ',');
  });
}

Result<void> check_authenticator_data(const ApprovalRules& rules, ByteView data) {
  if (data.size() < kShortestAuthenticatorData) return denied("the authenticator's data is cut off");
  if (!std::ranges::equal(data.first(kFlagsAt), sha256(bytes_of(rules.site))))
    return denied("the passkey was used for another site");
  const std::byte wanted = kUserPresent | kUserVerified;
  if ((data[kFlagsAt] & wanted) != wanted) return denied("the authenticator did not verify its user");
  return {};
}

bool is_signed_by(const PublicKey& passkey, const hsm::Approval& approval) {
  Bytes message = approval.authenticator_data;
  append(message, sha256(bytes_of(approval.client_data)));
  const Scheme scheme = passkey.type() == hsm::KeyType::kEd25519 ? Scheme::kEd25519 : Scheme::kEcdsaSha256;
  return passkey.verifies(scheme, message, approval.signature);
}

Result<Approver> to_approver(hsm::ApproverLine line) {
  Bytes point{std::byte{0x04}};  // uncompressed
  append(point, line.public_key);
  auto key = line.kind == hsm::PasskeyKind::kEdDsa ? PublicKey::from_ed25519_point(line.public_key)
                                                   : PublicKey::from_ec_point(hsm::KeyType::kEcP256, point);
  if (!key) return fail(ErrorCode::kInvalid, "a passkey of " + line.person + " is no point of its curve");
  return Approver{.person = std::move(line.person), .passkey = std::move(*key)};
}

}  // namespace

std::string Approver::fingerprint() const {
  constexpr std::size_t kDigits = 16;
  return to_hex(sha256(passkey.spki())).substr(0, kDigits);
}

std::string ApprovalRules::in_words() const {
  std::string list;
  for (const Approver& approver : approvers)
    list += std::format("{}{} ({})", list.empty() ? "" : ", ", approver.person, approver.fingerprint());
  return list.empty() ? list : "2 persons of " + list + " approve that a key is destroyed";
}

Result<Approver> parse_approver(std::string_view text) {
  auto line = hsm::parse_approver_line(text);
  if (!line) return std::unexpected(line.error());
  return to_approver(std::move(*line));
}

Result<std::vector<Approver>> parse_approvers(std::string_view file) {
  auto lines = hsm::parse_approvers(file);
  if (!lines) return std::unexpected(lines.error());
  std::vector<Approver> approvers;
  for (hsm::ApproverLine& line : *lines) {
    auto approver = to_approver(std::move(line));
    if (!approver) return std::unexpected(approver.error());
    approvers.push_back(std::move(*approver));
  }
  return approvers;
}

Result<void> check_approval(const ApprovalRules& rules, std::string_view text,
                            const hsm::Approval& approval) {
  const std::string challenge = to_base64url(sha256(bytes_of(text)));
  if (!is_client_data(rules, challenge, approval.client_data))
    return denied("an approval is of something else, or from another site");
  if (auto checked = check_authenticator_data(rules, approval.authenticator_data); !checked) return checked;
  const bool is_theirs = std::ranges::any_of(rules.approvers, [&](const Approver& approver) {
    return approver.person == approval.person && is_signed_by(approver.passkey, approval);
  });
  if (!is_theirs) return denied("an approval is not signed by a passkey of " + approval.person);
  return {};
}

Result<hsm::Destruction> check_destruction(const ApprovalRules& rules, std::string_view host, WallTime now,
                                           const hsm::DestroyRequest& asked) {
  if (rules.approvers.empty()) return denied("nobody may approve that a key is destroyed");
  auto wanted = hsm::parse_destruction(asked.text);
  if (!wanted) return denied(wanted.error().message);
  if (wanted->host != host) return denied("it is for another host");
  if (wanted->key != asked.name) return denied("it is for another key");
  if (now >= wanted->until) return denied("it came too late");
  if (wanted->until - now > hsm::kLongestApproval) return denied("it is for more than 7 days");
  if (asked.approvals[0].person == asked.approvals[1].person) return denied("one person approved it twice");
  for (const hsm::Approval& approval : asked.approvals)
    if (auto checked = check_approval(rules, asked.text, approval); !checked)
      return std::unexpected(checked.error());
  return wanted;
}

}  // namespace privyseal::keyd
