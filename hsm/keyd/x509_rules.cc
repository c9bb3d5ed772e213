#include "hsm/keyd/x509_rules.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "firmware/base/free.h"
#include "hsm/keyd/der.h"

namespace privyseal::keyd {
namespace {

using Time = std::unique_ptr<ASN1_TIME, Free<ASN1_STRING_free>>;

ByteView view_of(const ASN1_STRING* string) {
  return std::as_bytes(
      std::span(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))));
}

bool is_in_its_one_form(const ASN1_TIME* time) {
  const Time normal(ASN1_STRING_dup(time));
  return normal && ASN1_TIME_normalize(normal.get()) == 1 && ASN1_STRING_cmp(normal.get(), time) == 0;
}

/// Encodes anew what the extension says.
bool has_one_spelling(X509_EXTENSION* extension, int nid) {
  const ASN1_ITEM* form = ASN1_ITEM_ptr(X509V3_EXT_get_nid(nid)->it);
  const ByteView content = view_of(X509_EXTENSION_get_data(extension));
  const unsigned char* at = uchar(content);
  ASN1_VALUE* value = ASN1_item_d2i(nullptr, &at, static_cast<long>(content.size()), form);
  if (value == nullptr) return false;
  unsigned char* der = nullptr;
  const int length = ASN1_item_i2d(value, &der, form);
  ASN1_item_free(value, form);
  if (length <= 0) return false;
  const bool same =
      std::ranges::equal(std::as_bytes(std::span(der, static_cast<std::size_t>(length))), content);
  OPENSSL_free(der);
  return same;
}

}  // namespace

bool is_signature_algorithm_of(const X509_ALGOR* algorithm, hsm::KeyType type) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_ALGOR(algorithm, &der);
  if (length <= 0) return false;
  const bool same = std::ranges::equal(std::as_bytes(std::span(der, static_cast<std::size_t>(length))),
                                       signature_algorithm_of(type));
  OPENSSL_free(der);
  return same;
}

std::optional<std::chrono::seconds> time_between(const ASN1_TIME* from, const ASN1_TIME* to) {
  int days = 0;
  int seconds = 0;
  if (from == nullptr || to == nullptr || !is_in_its_one_form(from) || !is_in_its_one_form(to) ||
      ASN1_TIME_diff(&days, &seconds, from, to) != 1)
    return std::nullopt;
  return std::chrono::days(days) + std::chrono::seconds(seconds);
}

std::optional<std::size_t> positive_octets(const ASN1_INTEGER* number) {
  if (number == nullptr || ASN1_STRING_type(number) != V_ASN1_INTEGER) return std::nullopt;
  const ByteView magnitude = view_of(number);
  if (magnitude.empty() || std::ranges::all_of(magnitude, [](std::byte b) { return b == std::byte{}; }))
    return std::nullopt;
  const bool needs_a_zero = (magnitude[0] & std::byte{0x80}) != std::byte{};
  return magnitude.size() + (needs_a_zero ? 1 : 0);
}

std::string hex_of(const ASN1_INTEGER* number) { return to_hex(view_of(number)); }

Result<void> check_extensions(const STACK_OF(X509_EXTENSION) * extensions, std::span<const int> understood) {
  for (int i = 0; i < X509v3_get_ext_count(extensions); ++i) {
    X509_EXTENSION* extension = X509v3_get_ext(extensions, i);
    const ASN1_OBJECT* kind = X509_EXTENSION_get_object(extension);
    const int nid = OBJ_obj2nid(kind);
    if (X509v3_get_ext_by_OBJ(extensions, kind, i) >= 0)
      return fail(ErrorCode::kInvalid, "it has an extension twice");
    if (!is_der(view_of(X509_EXTENSION_get_data(extension))))
      return fail(ErrorCode::kInvalid, "an extension is not DER");
    if (std::ranges::find(understood, nid) != understood.end()) {
      if (!has_one_spelling(extension, nid)) return fail(ErrorCode::kInvalid, "an extension is malformed");
    } else if (X509_EXTENSION_get_critical(extension) != 0) {
      return fail(ErrorCode::kInvalid, "it has an unknown critical extension");
    }
  }
  return {};
}

}  // namespace privyseal::keyd
