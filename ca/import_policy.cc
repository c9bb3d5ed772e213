#include "ca/import_policy.h"

#include <algorithm>
#include <array>
#include <format>

#include "ca/chain.h"
#include "ca/second_opinion.h"
#include "firmware/base/check.h"

namespace privyseal::ca {
namespace {

using Findings = std::vector<Finding>;

constexpr auto kNames = std::to_array<std::string_view>(
    {"no-certificate", "two-leaves",     "wrong-key",      "missing-name",   "no-subject-alt-name",
     "no-roots",       "not-chained",    "bad-chain",      "wrong-purpose",  "not-version-3",
     "is-ca",          "bad-serial",     "weak-key",       "weak-signature", "expired",
     "not-yet-valid",  "dates-reversed", "same-as-active", "second-opinion", "expires-soon"});
static_assert(kNames.size() == static_cast<std::size_t>(Reason::kExpiresSoon) + 1);

constexpr int kMinRsaBits = 2048;
constexpr std::size_t kMaxSerialOctets = 20;
constexpr std::array<std::string_view, 3> kGoodHashes{"SHA256", "SHA384", "SHA512"};

std::string day(WallTime time) {
  return std::format("{:%F %H:%M} UTC", std::chrono::floor<std::chrono::minutes>(time));
}

std::string quoted(const Certificate& certificate) { return "'" + certificate.subject + "'"; }

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return text;
}

void add(Findings& findings, Reason code, std::string sentence) {
  findings.push_back({code, std::move(sentence)});
}

std::vector<Certificate> without_copies(std::span<const Certificate> offered) {
  std::vector<Certificate> unique;
  for (const Certificate& certificate : offered)
    if (!std::ranges::contains(unique, certificate.der, &Certificate::der)) unique.push_back(certificate);
  return unique;
}

/// The one that is meant to be ours: with our key, else the first that is no CA's.
const Certificate* pick_leaf(const ImportRules& rules, std::span<const Certificate> offered,
                             Findings& found) {
  const auto has_our_key = [&](const Certificate& c) { return c.public_key == rules.public_key; };
  const auto is_leaf = [&](const Certificate& c) { return !c.is_ca || has_our_key(c); };
  const auto leaves = std::ranges::count_if(offered, is_leaf);
  if (leaves == 0) {
    add(found, Reason::kNoCertificate,
        "there is no certificate for our key here, only those of certification authorities");
    return nullptr;
  }
  if (leaves > 1)
    add(found, Reason::kTwoLeaves,
        std::format(
            "there are {} certificates here that are no authority's; give the one for our key and its chain",
            leaves));
  const auto ours = std::ranges::find_if(offered, has_our_key);
  if (ours != offered.end()) return &*ours;
  const auto first = std::ranges::find_if(offered, is_leaf);
  add(found, Reason::kWrongKey, quoted(*first) + " is made for another key, not for the one of our request");
  return &*first;
}

void check_names(const ImportRules& rules, const Certificate& leaf, Findings& found) {
  if (leaf.dns_names.empty())
    return add(found, Reason::kNoSubjectAltName,
               "it names no host: there is no dNSName in its subjectAltName");
  for (const std::string& name : rules.dns_names)
    if (!std::ranges::contains(leaf.dns_names, lower(name)))
      add(found, Reason::kMissingName, "the name " + name + " is not in its subjectAltName");
}

void check_use(const ImportRules& rules, const Certificate& leaf, Findings& found) {
  const ExtendedKeyUsage& use = leaf.extended_key_usage;
  if (!use.is_present)
    return add(found, Reason::kWrongPurpose, "it does not say what it is for: there is no extendedKeyUsage");
  if (use.any)
    add(found, Reason::kWrongPurpose, "its extendedKeyUsage says 'any'; ours must say what it is for");
  if (rules.needs_server && !use.server)
    add(found, Reason::kWrongPurpose,
        "its extendedKeyUsage lacks serverAuth, so mail could not be received with it");
  if (rules.needs_client && !use.client)
    add(found, Reason::kWrongPurpose,
        "its extendedKeyUsage lacks clientAuth, so mail could not be sent with it");
}

void check_form(const Certificate& leaf, Findings& found) {
  if (leaf.version != 3)
    add(found, Reason::kNotVersion3, std::format("it is of version {}; only 3 will do", leaf.version));
  if (leaf.is_ca)
    add(found, Reason::kIsCa, "it is the certificate of an authority; ours must not be able to issue others");
  if (!leaf.serial_is_positive || leaf.serial_octets < 1 || leaf.serial_octets > kMaxSerialOctets)
    add(found, Reason::kBadSerial, "its serial number is not a positive number of 1 to 20 octets");
}

bool is_strong(const Certificate& certificate) {
  if (certificate.key == CertificateKey::kRsa)
    return certificate.key_bits >= kMinRsaBits && certificate.key_bits % 8 == 0;
  return certificate.key == CertificateKey::kEcP256 || certificate.key == CertificateKey::kEcP384;
}

void check_strength(const Certificate& leaf, Findings& found) {
  if (!is_strong(leaf))
    add(found, Reason::kWeakKey,
        std::format("its key is {} ({} bits); RSA of at least 2048 bits in whole octets, EC P-256 or EC "
                    "P-384 will do",
                    key_text(leaf), leaf.key_bits));
  if (!std::ranges::contains(kGoodHashes, leaf.signature_hash))
    add(found, Reason::kWeakSignature,
        "it is signed with " + leaf.signature_algorithm + "; SHA-256, SHA-384 or SHA-512 is needed");
}

void check_dates(const Certificate& certificate, WallTime now, Findings& found) {
  const std::string who = quoted(certificate);
  if (certificate.not_after <= certificate.not_before)
    return add(found, Reason::kDatesReversed, who + " ends before it begins");
  if (now > certificate.not_after)
    add(found, Reason::kExpired, who + " expired on " + day(certificate.not_after));
  if (certificate.not_before > now + kClockSkew)
    add(found, Reason::kNotYetValid,
        who + " is valid only from " + day(certificate.not_before) + "; here it is " + day(now));
}

Reason reason_of(ChainFault::Kind kind) {
  switch (kind) {
    case ChainFault::Kind::kNotChained:
      return Reason::kNotChained;
    case ChainFault::Kind::kBadChain:
      return Reason::kBadChain;
    case ChainFault::Kind::kWrongPurpose:
      return Reason::kWrongPurpose;
    case ChainFault::Kind::kWeakKey:
      return Reason::kWeakKey;
    case ChainFault::Kind::kWeakSignature:
      return Reason::kWeakSignature;
  }
  return Reason::kBadChain;
}

/// What our own rules have said already, and better, is not said again in OpenSSL's terms.
bool is_said(const Findings& found, Reason code) {
  const bool has_own_words =
      code == Reason::kWrongPurpose || code == Reason::kWeakKey || code == Reason::kWeakSignature;
  return has_own_words && std::ranges::contains(found, code, &Finding::code);
}

/// The path, root last; empty when there is none.
std::vector<Certificate> check_chain(const ImportRules& rules, const Certificate& leaf,
                                     std::span<const Certificate> offered, Findings& found) {
  if (rules.roots.empty()) {
    add(found, Reason::kNoRoots,
        "no root certificate is pinned for this identity, so nothing can be believed");
    return {};
  }
  Chain chain = build_chain(leaf, offered, rules.roots, {rules.needs_server, rules.needs_client});
  for (ChainFault& fault : chain.faults)
    if (!is_said(found, reason_of(fault.kind))) add(found, reason_of(fault.kind), std::move(fault.sentence));
  return std::move(chain.path);
}

void warn_of_end(const ImportRules& rules, const Certificate& leaf, WallTime now, Findings& warnings) {
  if (leaf.not_after - now >= rules.warn_below) return;
  add(warnings, Reason::kExpiresSoon,
      std::format("it expires on {}, in {} days", day(leaf.not_after),
                  std::chrono::floor<std::chrono::days>(leaf.not_after - now).count()));
}

}  // namespace

std::string_view to_string(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  CHECK(index < kNames.size());
  return kNames.at(index);
}

std::string Judgement::refusal_text() const {
  std::string text;
  for (const Finding& finding : refusals) text += (text.empty() ? "" : "; ") + finding.sentence;
  return text;
}

Judgement judge(const ImportRules& rules, std::span<const Certificate> offered, WallTime now) {
  Judgement judgement;
  Findings& found = judgement.refusals;
  const std::vector<Certificate> unique = without_copies(offered);
  const Certificate* leaf = pick_leaf(rules, unique, found);
  if (leaf == nullptr) return judgement;
  if (!rules.active_fingerprint.empty() && leaf->fingerprint == rules.active_fingerprint)
    add(found, Reason::kSameAsActive, "it is the certificate that is in use already");
  check_names(rules, *leaf, found);
  check_use(rules, *leaf, found);
  check_form(*leaf, found);
  check_strength(*leaf, found);
  check_dates(*leaf, now, found);
  std::vector<Certificate> path = check_chain(rules, *leaf, unique, found);
  if (path.size() < 2) return judgement;  // a leaf that is itself a root is refused as a CA's
  for (const Certificate& above : std::span(path).subspan(1)) check_dates(above, now, found);
  const Certificate root = std::move(path.back());
  path.pop_back();
  for (std::string& sentence : second_opinion(path, {&root, 1}))
    add(found, Reason::kSecondOpinion, std::move(sentence));
  if (!judgement.is_accepted()) return judgement;
  warn_of_end(rules, *leaf, now, judgement.warnings);
  judgement.chain = std::move(path);
  return judgement;
}

}  // namespace privyseal::ca
