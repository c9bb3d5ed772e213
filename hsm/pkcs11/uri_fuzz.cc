// No text makes parse_token_uri misbehave, and what it accepts holds no more than a token has room for.
#include "firmware/base/bytes.h"
#include "firmware/base/check.h"
#include "hsm/pkcs11/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  const auto uri = pkcs11::parse_token_uri(text_of(std::as_bytes(std::span(data, size))));
  if (!uri) {
    CHECK(uri.error().code == ErrorCode::kInvalid);
    return 0;
  }
  const pkcs11::TokenName& token = uri->token;
  CHECK(token.label.size() <= 32 && token.manufacturer.size() <= 32);
  CHECK(token.model.size() <= 16 && token.serial.size() <= 16);
  CHECK(!to_text(token).empty());
  CHECK(uri->module_path.empty() || uri->module_path.starts_with('/'));
  CHECK(!uri->module_path.contains('\0') && !token.label.contains('\0'));
  return 0;
}
