// check_destruction, over bytes from outside: total, and never content with what nobody has signed.
#include <algorithm>
#include <cstdlib>

#include "hsm/keyd/approval.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace privyseal;
  static const keyd::ApprovalRules rules{
      .site = "s",
      .origins = {"https://s"},
      .approvers = {keyd::parse_approver("a eddsa 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").value(),
                    keyd::parse_approver("b eddsa PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=").value()}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(keyd::parse_approver(text));
  // The same bytes as every part of it, and behind what a right one begins with.
  const auto message = copy_of(bytes_of(text));
  const hsm::Approval approval{
      .person = "a", .authenticator_data = message, .client_data = std::string(text), .signature = message};
  hsm::DestroyRequest asked{.name = "k", .text = std::string(text), .approvals = {approval, approval}};
  asked.approvals[1].person = "b";
  if (keyd::check_destruction(rules, "h", {}, asked)) std::abort();
  asked.text =
      "privyseal: destroy a retired key\nhost h\nkey k\nuntil 1970-01-01T01:00:00Z\n"
      "nonce 00112233445566778899aabbccddeeff\n";
  if (keyd::check_destruction(rules, "h", {}, asked)) std::abort();
  return 0;
}
