#include "web-admin/pages/approver.h"

#include <algorithm>

#include "firmware/base/file.h"

namespace privyseal::web {
namespace {

/// None: passkeys of this kind cannot approve.
std::optional<hsm::PasskeyKind> kind_of(const Passkey& passkey) {
  if (passkey.algorithm == kEs256) return hsm::PasskeyKind::kEs256;
  if (passkey.algorithm == kEdDsa) return hsm::PasskeyKind::kEdDsa;
  return {};
}

}  // namespace

std::vector<hsm::ApproverLine> approvers(const Visit& visit) {
  if (visit.at.settings.approvers.empty()) return {};
  const auto content = read_file(visit.at.settings.approvers, hsm::kMaxApproversBytes);
  if (!content) return {};
  return hsm::parse_approvers(text_of(*content)).value_or(std::vector<hsm::ApproverLine>());
}

Result<std::optional<OwnApprover>> own_approver(const Visit& visit) {
  auto passkeys = visit.at.users.passkeys_of(visit.user->id);
  if (!passkeys) return std::unexpected(passkeys.error());
  const auto listed = approvers(visit);
  std::optional<OwnApprover> own;
  for (Passkey& passkey : *passkeys) {
    const auto line = std::ranges::find_if(listed, [&](const hsm::ApproverLine& each) {
      return kind_of(passkey) == each.kind && each.public_key == passkey.public_key;
    });
    if (line == listed.end()) continue;
    if (!own) own = OwnApprover{.person = line->person, .passkeys = {}};
    if (own->person == line->person) own->passkeys.push_back(std::move(passkey));
  }
  return own;
}

Result<std::vector<std::string>> own_lines(const Visit& visit) {
  const auto passkeys = visit.at.users.passkeys_of(visit.user->id);
  if (!passkeys) return std::unexpected(passkeys.error());
  std::vector<std::string> lines;
  for (const Passkey& passkey : *passkeys)
    if (const auto kind = kind_of(passkey))
      lines.push_back(to_text(hsm::ApproverLine{
          .person = approver_name(visit.user->email), .kind = *kind, .public_key = passkey.public_key}));
  return lines;
}

std::string approver_name(std::string_view email) {
  std::string name;
  for (char c : email.substr(0, email.find('@'))) {
    if (name.size() == hsm::kMaxKeyNameBytes) break;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  }
  return name;
}

}  // namespace privyseal::web
