// Any answer of an EST server is an answer; what waits, waits within bounds.
#include <algorithm>
#include <string>

#include "ca/est.h"
#include "firmware/base/check.h"

using namespace privyseal;
using namespace privyseal::ca;

namespace {

/// Takes what stands before the next line feed off the front.
std::string take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr std::array kStatus{200, 200, 200, 202, 503, 400, 500, 0};
  std::string_view rest = text_of(std::as_bytes(std::span(data + 1, size - 1)));
  EstHeaders headers{data[0] & 8 ? std::string(kEstCertificatesType) : take_line(rest), ""};
  headers.retry_after = take_line(rest);
  const int status = kStatus[data[0] % kStatus.size()];
  const EstAnswer answer = parse_enroll_answer(status, headers, bytes_of(rest), WallTime{});
  if (const auto* wait = std::get_if<EstWait>(&answer))
    CHECK(wait->retry_after >= kMinEstWait && wait->retry_after <= kMaxEstWait);
  if (const auto* issued = std::get_if<EstIssued>(&answer)) {
    CHECK(status == 200 && !issued->certificates.empty());
    const std::string again = est_certificates_body(issued->certificates);
    CHECK(parse_certificates(bytes_of(again))->size() == issued->certificates.size());
  }
  if (const auto* refused = std::get_if<EstRefused>(&answer))
    CHECK(std::ranges::all_of(refused->why, [](char c) { return c >= ' ' && c < 0x7f; }));
  if (const auto der = parse_est_request_body(rest))
    CHECK(parse_est_request_body(est_request_body(*der)).value() == *der);
  return 0;
}
