#include "hsm/pkcs11/attributes.h"

namespace privyseal::pkcs11 {

Attributes& Attributes::flag(CK_ATTRIBUTE_TYPE type, bool value) {
  const CK_BBOOL byte = value ? CK_TRUE : CK_FALSE;
  return bytes(type, std::as_bytes(std::span(&byte, 1)));
}

Attributes& Attributes::number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return bytes(type, std::as_bytes(std::span(&value, 1)));
}

Attributes& Attributes::bytes(CK_ATTRIBUTE_TYPE type, ByteView value) {
  values_.emplace_back(type, copy_of(value));
  return *this;
}

Attributes& Attributes::text(CK_ATTRIBUTE_TYPE type, std::string_view value) {
  return bytes(type, bytes_of(value));
}

std::span<CK_ATTRIBUTE> Attributes::view() {
  view_.clear();
  for (auto& [type, value] : values_)
    view_.push_back({.type = type, .pValue = value.data(), .ulValueLen = value.size()});
  return view_;
}

}  // namespace privyseal::pkcs11
