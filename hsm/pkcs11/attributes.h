/// A PKCS#11 template: typed attributes that own their values.
///
///     Attributes wanted;
///     wanted.number(CKA_CLASS, CKO_PRIVATE_KEY).bytes(CKA_ID, id);
///
/// Threads: one. Ownership: the values are copied in, and live as long as this does.
#pragma once

#include <p11-kit/pkcs11.h>

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/base/bytes.h"

namespace privyseal::pkcs11 {

class Attributes {
 public:
  Attributes& flag(CK_ATTRIBUTE_TYPE type, bool value);
  Attributes& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Attributes& bytes(CK_ATTRIBUTE_TYPE type, ByteView value);
  Attributes& text(CK_ATTRIBUTE_TYPE type, std::string_view value);

  /// As the C functions want it; valid until the next change.
  [[nodiscard]] std::span<CK_ATTRIBUTE> view();

 private:
  std::vector<std::pair<CK_ATTRIBUTE_TYPE, Bytes>> values_;
  std::vector<CK_ATTRIBUTE> view_;
};

}  // namespace privyseal::pkcs11
