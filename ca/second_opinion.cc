#include "ca/second_opinion.h"

#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

#include <algorithm>
#include <array>
#include <format>

#include "firmware/base/check.h"

namespace privyseal::ca {
namespace {

constexpr std::string_view kWho = "the second reading (mbed TLS) ";

struct ParsedChain {
  ParsedChain() { mbedtls_x509_crt_init(&first); }
  ~ParsedChain() { mbedtls_x509_crt_free(&first); }
  ParsedChain(const ParsedChain&) = delete;  // a C structure that points into itself
  ParsedChain& operator=(const ParsedChain&) = delete;

  mbedtls_x509_crt first;
};

constexpr mbedtls_x509_crt_profile kStrong{
    .allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) | MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
    .allowed_pks = MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) | MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSA) | MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSASSA_PSS),
    .allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
    .rsa_min_bitlen = 2048,
};

void start_psa() {
  [[maybe_unused]] static const bool once = [] {
    CHECK(psa_crypto_init() == PSA_SUCCESS);
    return true;
  }();
}

/// Critical nameConstraints (2.5.29.30), which mbed TLS does not know and would not read past.
int allow_name_constraints(void*, const mbedtls_x509_crt*, const mbedtls_x509_buf* oid, int is_critical,
                           const unsigned char*, const unsigned char*) {
  constexpr std::array<unsigned char, 3> kNameConstraints{0x55, 0x1d, 0x1e};
  if (is_critical == 0) return 0;
  return std::ranges::equal(std::span(oid->p, oid->len), kNameConstraints)
             ? 0
             : MBEDTLS_ERR_X509_INVALID_EXTENSIONS;
}

/// mbed TLS's code of the first that it does not read; 0: all were read.
int parse(ParsedChain& into, std::span<const Certificate> certificates) {
  for (const Certificate& certificate : certificates) {
    const int outcome = mbedtls_x509_crt_parse_der_with_ext_cb(
        &into.first, uchar(certificate.der), certificate.der.size(), 1, allow_name_constraints, nullptr);
    if (outcome != 0) return outcome;
  }
  return 0;
}

ByteView view(const mbedtls_x509_buf& buffer) { return std::as_bytes(std::span(buffer.p, buffer.len)); }

WallTime time_of(const mbedtls_x509_time& time) {
  const std::chrono::year_month_day date{std::chrono::year(time.year),
                                         std::chrono::month(static_cast<unsigned>(time.mon)),
                                         std::chrono::day(static_cast<unsigned>(time.day))};
  return std::chrono::sys_days(date) + std::chrono::hours(time.hour) + std::chrono::minutes(time.min) +
         std::chrono::seconds(time.sec);
}

std::vector<std::string> dns_names_of(const mbedtls_x509_crt& parsed) {
  std::vector<std::string> names;
  for (const mbedtls_x509_sequence* at = &parsed.subject_alt_names; at != nullptr && at->buf.p != nullptr;
       at = at->next) {
    mbedtls_x509_subject_alternative_name name{};
    if (mbedtls_x509_parse_subject_alt_name(&at->buf, &name) != 0) continue;
    if (name.type == MBEDTLS_X509_SAN_DNS_NAME) {
      std::string text(text_of(view(name.san.unstructured_name)));
      std::ranges::transform(text, text.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      names.push_back(std::move(text));
    }
    mbedtls_x509_free_subject_alt_name(&name);
  }
  return names;
}

void compare(const mbedtls_x509_crt& parsed, const Certificate& ours, std::vector<std::string>& said) {
  const auto differs = [&](std::string_view what) {
    said.push_back(std::format("{}sees another {} in '{}'", kWho, what, ours.subject));
  };
  ByteView serial = view(parsed.serial);
  while (serial.size() > 1 && serial[0] == std::byte{0}) serial = serial.subspan(1);
  if (to_hex(serial) != ours.serial) differs("serial number");
  if (!std::ranges::equal(view(parsed.pk_raw), ours.public_key)) differs("public key");
  if (time_of(parsed.valid_from) != ours.not_before || time_of(parsed.valid_to) != ours.not_after)
    differs("validity");
  if (dns_names_of(parsed) != ours.dns_names) differs("list of names");
  if (parsed.version != ours.version) differs("version");
  const bool is_ca = mbedtls_x509_crt_get_ca_istrue(&parsed) == 1;
  if (is_ca != ours.is_ca) differs("role (authority or not)");
}

void compare_uses(const mbedtls_x509_crt& leaf, const Certificate& ours, std::vector<std::string>& said) {
  const bool server = mbedtls_x509_crt_check_extended_key_usage(
                          &leaf, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) == 0;
  const bool client = mbedtls_x509_crt_check_extended_key_usage(
                          &leaf, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)) == 0;
  // mbed TLS lets an absent extendedKeyUsage and "any" pass for everything.
  const ExtendedKeyUsage& use = ours.extended_key_usage;
  const bool is_open = !use.is_present || use.any;
  if (server != (use.server || is_open) || client != (use.client || is_open))
    said.push_back(std::format("{}sees other uses in '{}'", kWho, ours.subject));
}

std::string flags_text(std::uint32_t flags) {
  std::array<char, 1024> text{};
  if (mbedtls_x509_crt_verify_info(text.data(), text.size(), "", flags) < 0) return "no reason given";
  std::string line = text.data();
  while (line.ends_with('\n')) line.pop_back();
  std::ranges::replace(line, '\n', ',');
  return line;
}

void verify(ParsedChain& chain, ParsedChain& roots, std::vector<std::string>& said) {
  std::uint32_t flags = 0;
  const int outcome = mbedtls_x509_crt_verify_with_profile(&chain.first, &roots.first, nullptr, &kStrong,
                                                           nullptr, &flags, nullptr, nullptr);
  constexpr std::uint32_t kDates = MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE;
  const bool is_refused =
      outcome == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED ? (flags & ~kDates) != 0 : outcome != 0;
  if (is_refused)
    said.push_back(std::format("{}does not accept the chain: {}", kWho, flags_text(flags & ~kDates)));
}

}  // namespace

std::vector<std::string> second_opinion(std::span<const Certificate> chain,
                                        std::span<const Certificate> roots) {
  start_psa();
  ParsedChain parsed;
  ParsedChain pinned;
  int outcome = parse(parsed, chain);
  if (outcome == 0) outcome = parse(pinned, roots);
  if (outcome != 0) return {std::format("{}cannot read it (-0x{:04x})", kWho, -outcome)};
  if (chain.empty() || roots.empty()) return {std::format("{}was given nothing to read", kWho)};
  std::vector<std::string> said;
  const mbedtls_x509_crt* at = &parsed.first;
  for (const Certificate& ours : chain) {
    compare(*at, ours, said);
    at = at->next;
  }
  compare_uses(parsed.first, chain.front(), said);
  verify(parsed, pinned, said);
  return said;
}

}  // namespace privyseal::ca
