// No text makes the parsers misbehave, and what they accept holds no more than a token has room for.
#include "firmware/base/bytes.h"
#include "firmware/base/check.h"
#include "hsm/pkcs11_uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  const auto text = text_of(std::as_bytes(std::span(data, size)));
  if (const auto uri = pkcs11::parse_token_uri(text)) {
    const pkcs11::TokenName& token = uri->token;
    CHECK(token.label.size() <= 32 && token.manufacturer.size() <= 32);
    CHECK(token.model.size() <= 16 && token.serial.size() <= 16);
    CHECK(!to_text(token).empty());
    CHECK(uri->module_path.empty() || uri->module_path.starts_with('/'));
    CHECK(!uri->module_path.contains('\0') && !token.label.contains('\0'));
  } else {
    CHECK(uri.error().code == ErrorCode::kInvalid);
  }
  if (const auto uri = pkcs11::parse_key_uri(text)) {
    CHECK(!uri->object.empty() || !uri->id.empty());
    CHECK(!uri->object.contains('\0'));
  } else {
    CHECK(uri.error().code == ErrorCode::kInvalid || uri.error().code == ErrorCode::kDenied);
  }
  return 0;
}
