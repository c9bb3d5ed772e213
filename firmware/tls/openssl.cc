#include "firmware/tls/openssl.h"

namespace privyseal::tls {

std::unexpected<Error> fail_openssl(ErrorCode code, std::string_view doing) {
  const unsigned long first = ERR_get_error();
  const char* reason = first == 0 ? nullptr : ERR_reason_error_string(first);
  ERR_clear_error();
  return fail(code, std::string(doing) + ": " + (reason == nullptr ? "no reason given" : reason));
}

}  // namespace privyseal::tls
