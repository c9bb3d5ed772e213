// No address gets out that is not under cjsm.net, and none gets in that is not ours.
#include "firmware/base/check.h"
#include "firmware/policy/route.h"

using namespace privyseal;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const auto route =
      policy::Route::create({"a.example", "b.example"}, {{"york.cjsm.net", "b.example"}});
  CHECK(route.has_value());
  const auto address = smtp::parse_mailbox({reinterpret_cast<const char*>(data), size});
  if (!address) return 0;
  if (const auto out = route->recipient_out(*address)) {
    CHECK(smtp::is_cjsm_domain(out->domain) && *out == *address);
    CHECK(out->local.find_first_of("@%!") == std::string::npos);
  }
  if (const auto in = route->recipient_in(*address)) {
    CHECK((in->domain == "a.example" || in->domain == "b.example") && in->local == address->local);
    CHECK(in->local.find_first_of("@%!") == std::string::npos);
  }
  (void)route->refuses_sender_out(*address);
  return 0;
}
