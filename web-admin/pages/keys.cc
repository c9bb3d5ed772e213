#include "web-admin/pages/keys.h"

#include <algorithm>

#include "firmware/base/sha256.h"
#include "hsm/key_kind.h"
#include "web-admin/pages/layout.h"

namespace privyseal::web {
namespace {

std::string_view role_in_words(hsm::KeyRole role) {
  switch (role) {
    case hsm::KeyRole::kCjsmIdentity:
      return "Shows CJSM who we are";
    case hsm::KeyRole::kLanIdentity:
      return "Shows your mail server who we are";
    case hsm::KeyRole::kAudit:
      return "Signs the audit logs";
    case hsm::KeyRole::kIssuingCa:
      return "Signs this appliance's own certificates";
    case hsm::KeyRole::kConsoleIdentity:
      return "Shows your browser who we are";
  }
  return "Not known";
}

Html uses_of(const hsm::KeyInfo& key, const Result<std::vector<hsm::KeyUses>>& uses) {
  if (!uses) return "not known just now";
  const auto found = std::ranges::find(*uses, key.name, &hsm::KeyUses::name);
  if (found == uses->end()) return "none yet";
  std::string text;
  for (const auto& [count, one, many] :
       {std::tuple{found->tls_client + found->tls_server + found->tls12_server, "handshake", "handshakes"},
        {found->csr, "request", "requests"},
        {found->certificate + found->crl, "certificate or list", "certificates and lists"},
        {found->ocsp, "OCSP response", "OCSP responses"},
        {found->checkpoint, "checkpoint", "checkpoints"},
        {found->refused, "refusal", "refusals"}})
    if (count > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + (count == 1 ? one : many);
  return text.empty() ? "none yet" : text;
}

Html inventory(const std::vector<hsm::KeyInfo>& keys, const Result<std::vector<hsm::KeyUses>>& uses) {
  if (keys.empty()) return inset("The HSM holds no keys of ours yet.");
  Table inventory{.caption = "Keys in the HSM",
                  .columns = {"Name", "What it does", "Type", "Used", "Public key, SHA-256"},
                  .rows = {}};
  for (const hsm::KeyInfo& key : keys)
    inventory.rows.push_back(
        {key.name, role_in_words(key.role), std::string(hsm::kind_of(key.type).words), uses_of(key, uses),
         el("code", {{"class", "ps-code"}}, to_hex(sha256(key.public_key)).substr(0, 32))});
  return table(inventory);
}

}  // namespace

Response keys_page(Visit& visit) {
  const auto keys = visit.at.keys.list_keys();
  if (!keys)
    return page(
        visit, Place::kKeys, "Keys",
        not_answering("The key service",
                      "No mail can pass without it. Nothing is lost: your mail server holds the mail."));
  const auto ready = visit.at.keys.health();
  const auto uses = visit.at.keys.uses();
  const Html state =
      ready && *ready ? tag(Tone::kGood, "The HSM answers") : tag(Tone::kBad, "The HSM does not answer");
  return page(
      visit, Place::kKeys, "Keys",
      join(paragraph(state),
           paragraph("Every private key was made inside the HSM and cannot leave it: it is sensitive, never "
                     "extractable, and signs only what its role allows. Each use is counted."),
           inventory(*keys, uses),
           paragraph(
               link("/destructions", "Retired keys: which there are, and how two persons destroy one"))));
}

}  // namespace privyseal::web
