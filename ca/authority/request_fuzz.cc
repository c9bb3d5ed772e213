// Any bytes are a request or not; what a profile lets through can be made into a certificate.
#include "ca/authority/request.h"
#include "ca/authority/tbs.h"
#include "firmware/base/check.h"

using namespace privyseal;
using namespace privyseal::authority;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto request = parse_request(std::as_bytes(std::span(data, size)));
  if (!request) return 0;
  for (const Profile& profile : profiles()) {
    if (!check_request(*request, profile, {"example"})) continue;
    const IssuerFacts issuer{{"CA", ""}, request->public_key};
    (void)tbs_certificate(issuer, {.serial = {},
                                   .subject = {common_name_for(*request), request->organisation},
                                   .not_before = WallTime{},
                                   .not_after = WallTime{} + profile.life,
                                   .public_key = request->public_key,
                                   .dns_names = request->dns_names,
                                   .server = profile.server,
                                   .client = profile.client});
  }
  return 0;
}
