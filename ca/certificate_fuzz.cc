// Whatever comes in: certificates that say of themselves what their DER says, or nothing.
#include <algorithm>
#include <array>

#include "ca/certificate.h"
#include "ca/chain.h"
#include "ca/import_policy.h"
#include "ca/second_opinion.h"
#include "firmware/base/check.h"

using namespace privyseal;
using namespace privyseal::ca;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto found = parse_certificates(std::as_bytes(std::span(data, size)));
  if (!found) {
    CHECK(found.error().code == ErrorCode::kInvalid);
    return 0;
  }
  CHECK(!found->empty() && found->size() <= kMaxCertificates);
  for (const Certificate& certificate : *found) {
    CHECK(parse_certificate(certificate.der).value() == certificate);
    CHECK(parse_certificates(bytes_of(to_pem(certificate))).value() == std::vector{certificate});
    for (const std::string& name : certificate.dns_names)
      CHECK(std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; }));
  }
  // Judged by its own rules: nothing in it may end the process, and a stranger is never accepted.
  const Certificate& first = found->front();
  const ImportRules rules{
      .public_key = first.public_key, .dns_names = first.dns_names, .roots = {found->back()}};
  const Judgement judgement = judge(rules, *found, first.not_before);
  CHECK(judgement.is_accepted() == !judgement.chain.empty());
  (void)second_opinion(*found, {&found->back(), 1});
  return 0;
}
