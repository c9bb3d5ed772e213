// Whatever an authority or anybody else writes: it is refused, or it is lists that can be read again.
#include <span>

#include "firmware/base/bytes.h"
#include "firmware/base/check.h"
#include "firmware/tls/revocation.h"

using namespace privyseal;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text = text_of(std::as_bytes(std::span(data, size)));
  const auto lists = tls::parse_revocation_lists(text);
  if (!lists) return 0;
  CHECK(!lists->empty());
  for (const tls::RevocationList& list : *lists) {
    const auto again = tls::parse_revocation_lists(list.pem);
    CHECK(again && again->size() == 1 && again->front().issuer == list.issuer &&
          again->front().revoked == list.revoked);
  }
  return 0;
}
